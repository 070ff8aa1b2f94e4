"""The demo's agency, its people and its clients."""

from decimal import Decimal
from typing import NamedTuple

PASSWORD = "try-the-portal"  # noqa: S105 (printed for everyone to read, and good on this machine only)

AGENCY = {
    "name": "Studio Fleetkante GmbH",
    "address": "Rödingsmarkt 14\n20459 Hamburg\nGermany",
    "email": "office@fleetkante.example",
    "phone": "+49 40 5550 1840",
    "tax_id": "DE 319 555 204",
    "payment_instructions": (
        "Bank: Elbkontor Bank, Hamburg\nIBAN: DE21 5555 0100 0005 5501 84\nBIC: ELKODEHHXXX\n"
        "Please give the invoice number with your payment."
    ),
}


class Person(NamedTuple):
    """Someone with an account; `crafts` are what one of the staff does, `client` the key of a portal user's client."""

    username: str
    first_name: str
    last_name: str
    email: str
    crafts: tuple[str, ...] = ()
    client: str | None = None
    portal: bool = True


STAFF = [
    Person("nora", "Nora", "Albers", "nora@fleetkante.example", ("plan", "test")),
    Person("priya", "Priya", "Raman", "priya@fleetkante.example", ("design", "plan")),
    Person("jonas", "Jonas", "Petersen", "jonas@fleetkante.example", ("build", "care")),
    Person("tomasz", "Tomasz", "Wójcik", "tomasz@fleetkante.example", ("build", "test")),
    Person("hanna", "Hanna", "Lindqvist", "hanna@fleetkante.example", ("write", "test", "plan")),
]
LEAD = "nora"

PORTAL_PEOPLE = [
    Person("katrin", "Katrin", "Brüggemann", "katrin@brueggemann.example", client="kaffee"),
    Person("ole", "Ole", "Janssen", "ole@brueggemann.example", client="kaffee", portal=False),
    Person("wiremu", "Wiremu", "Tane", "wiremu@harakeke.example", client="harakeke"),
    Person("aiko", "Aiko", "Mizuki", "aiko@mizukiseika.example", client="mizuki"),
]


class Customer(NamedTuple):
    """A client: `fields` of its row, the tax (per cent) and terms on its invoices."""

    key: str
    fields: dict
    tax_rate: Decimal
    terms: str
    company_login: str | None = None


CUSTOMERS = [
    Customer(
        "kaffee",
        {
            "name": "Brüggemann & Söhne Kaffeerösterei",
            "contact_name": "Katrin Brüggemann",
            "email": "buchhaltung@brueggemann.example",
            "phone": "+49 421 555 0173",
            "address": "Schlachte 38\n28195 Bremen\nGermany",
            "tax_id": "DE 255 555 871",
            "currency_code": "EUR",
            "hourly_rate": Decimal(96),
            "payment_terms_days": 14,
            "timezone": "Europe/Berlin",
            "locale": "de-DE",
            "show_running_timers": True,
            "portal_approvals_enabled": True,
            "internal_notes": "Katrin decides, Ole prepares. Prefers calls on Tuesdays.",
        },
        Decimal(19),
        "Payable within 14 days without deduction.",
        company_login="brueggemann",
    ),
    Customer(
        "harakeke",
        {
            "name": "Harakeke Outdoor Ltd",
            "contact_name": "Wiremu Tane",
            "email": "accounts@harakeke.example",
            "phone": "+64 4 555 0126",
            "address": "62 Cuba Street\nTe Aro\nWellington 6011\nNew Zealand",
            "tax_id": "NZ 94-290-5551",
            "currency_code": "NZD",
            "hourly_rate": Decimal(172),
            "payment_terms_days": 20,
            "timezone": "Pacific/Auckland",
            "locale": "en-NZ",
            "show_rates": True,
            "brand_colour": "#2e8b57",
            "brand_welcome": "Kia ora! The hours and invoices of the season. Nora answers questions.",
            "internal_notes": "Pays late in the season; remind by telephone.",
        },
        Decimal(0),
        "Payable within 20 days. Export of services, no German VAT.",
        company_login="harakeke",
    ),
    Customer(
        "mizuki",
        {
            "name": "Mizuki Seika Co., Ltd.",
            "contact_name": "Aiko Mizuki",
            "email": "keiri@mizukiseika.example",
            "phone": "+81 75 555 0148",
            "address": "Teramachi-dori Nijo-agaru 712\nNakagyo-ku\nKyoto 604-0932\nJapan",
            "tax_id": "T7 1300 0555 0148",
            "currency_code": "JPY",
            "hourly_rate": Decimal(14500),
            "payment_terms_days": 30,
            "timezone": "Asia/Tokyo",
            "locale": "ja-JP",
            "show_staff_names": False,
            "internal_notes": "All texts go past Ms Mizuki before they are published.",
        },
        Decimal(10),
        "Payable by bank transfer within 30 days.",
    ),
]
