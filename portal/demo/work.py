"""The demo's projects and tasks."""

from decimal import Decimal
from typing import NamedTuple


class TaskPlan(NamedTuple):
    """A task: the craft it takes, the part of the project's time it is worked on, and where it ends up."""

    name: str
    craft: str
    begins: float
    ends: float
    status: str
    subjects: str  # separated by semicolons


class ProjectPlan(NamedTuple):
    """A project from `start` to `end` days ago (0: still under way), ending as `status`.

    `estimate_used` and `budget_used` say which part of the hours or the money is spent by today; None: no such limit.
    """

    key: str
    client: str
    name: str
    description: str
    start: int
    end: int
    weight: int
    status: str
    tasks: tuple[TaskPlan, ...]
    estimate_used: float | None = None
    budget_used: float | None = None
    hourly_rate: Decimal | None = None
    reason: str = ""


PROJECTS = [
    ProjectPlan(
        "brand",
        "kaffee",
        "Brand refresh",
        "A new face for the roastery: logo, colours, packaging and their rules.",
        546,
        390,
        4,
        "completed",
        (
            TaskPlan("Discovery", "plan", 0, 0.3, "done", "the brand's history; the competition; the naming"),
            TaskPlan(
                "Logo and colours",
                "design",
                0.15,
                0.7,
                "done",
                "the word mark; the colour palette; the bean symbol; the seal",
            ),
            TaskPlan(
                "Packaging", "design", 0.5, 1, "done", "the 250 g bag; the gift box; the espresso tin; the carton"
            ),
            TaskPlan("Style guide", "write", 0.6, 1, "done", "the style guide; the tone of voice chapter"),
        ),
        estimate_used=0.97,
    ),
    ProjectPlan(
        "shop",
        "kaffee",
        "Online shop",
        "The new shop with subscriptions, click and collect, and the old customers taken over.",
        410,
        0,
        7,
        "active",
        (
            TaskPlan(
                "Concept",
                "plan",
                0,
                0.2,
                "done",
                "the subscription model; shipping zones; the product data; the move of old customers",
            ),
            TaskPlan(
                "Shop design",
                "design",
                0.05,
                0.6,
                "done",
                "the product page; the basket; the checkout; the start page; order e-mails; the account area",
            ),
            TaskPlan(
                "Catalogue and search",
                "build",
                0.15,
                0.7,
                "done",
                "the product list; filters by taste; the search; stock levels; roast dates",
            ),
            TaskPlan(
                "Checkout and payments",
                "build",
                0.4,
                1,
                "in_progress",
                "the address form; the voucher field; card payments; payment by invoice; guest checkout",
            ),
            TaskPlan(
                "Subscriptions",
                "build",
                0.6,
                1,
                "in_progress",
                "the delivery calendar; pausing a subscription; the renewal job; the change of roast",
            ),
            TaskPlan(
                "Product texts",
                "write",
                0.3,
                1,
                "review",
                "the single origins; the espresso blends; brewing guides; the gift sets; the help pages",
            ),
            TaskPlan("Acceptance test", "test", 0.7, 1, "in_progress", "the checkout; subscriptions; the search"),
            TaskPlan("Click and collect", "build", 1, 1, "todo", ""),
        ),
        estimate_used=0.94,
    ),
    ProjectPlan(
        "care",
        "kaffee",
        "Website care",
        "Updates, backups and small changes of the present website, by the month.",
        540,
        0,
        2,
        "active",
        (
            TaskPlan(
                "Updates and backups",
                "care",
                0,
                1,
                "in_progress",
                "the server; the backups; the certificates; the contact form; the visitor statistics",
            ),
            TaskPlan(
                "Small changes",
                "write",
                0,
                1,
                "in_progress",
                "opening hours; the seasonal banner; the team page; the dates of tastings; job offers",
            ),
        ),
    ),
    ProjectPlan(
        "wholesale",
        "kaffee",
        "Wholesale portal",
        "Cafés and offices order by the sack, at their own prices.",
        200,
        85,
        3,
        "on_hold",
        (
            TaskPlan("Requirements", "plan", 0, 0.5, "done", "price lists; credit limits; the order by file"),
            TaskPlan("Wireframes", "design", 0.3, 1, "review", "the quick order form; the price list view"),
            TaskPlan("Order interface", "build", 0.6, 1, "todo", "the link to the ledger; price groups"),
        ),
        budget_used=0.41,
    ),
    ProjectPlan(
        "fair",
        "kaffee",
        "Trade fair microsite",
        "One page for the stand at the fair, with booking of tastings.",
        330,
        280,
        3,
        "archived",
        (
            TaskPlan("Page", "design", 0, 0.6, "done", "the fair page; the booking form"),
            TaskPlan("Build", "build", 0.3, 1, "done", "the fair page; the booking form; the calendar entry"),
        ),
        estimate_used=0.9,
        reason="Fair is over; the client does not want it seen any more after the double booking.",
    ),
    ProjectPlan(
        "booking",
        "harakeke",
        "Tour booking",
        "Guided walks and hut nights, booked and paid on the website.",
        520,
        0,
        7,
        "active",
        (
            TaskPlan(
                "Planning", "plan", 0, 0.25, "done", "group bookings; the weather policy; guides' rosters; refunds"
            ),
            TaskPlan(
                "Booking screens",
                "design",
                0.05,
                0.55,
                "done",
                "the tour page; the calendar; the passenger form; the confirmation; the hut picker",
            ),
            TaskPlan(
                "Booking engine",
                "build",
                0.15,
                0.85,
                "in_progress",
                "availability by guide; the waiting list; group prices; part payments; the hut pass interface",
            ),
            TaskPlan(
                "Guides' schedule",
                "build",
                0.5,
                1,
                "in_progress",
                "the roster view; swapping a shift; the day sheet; reminders by text message",
            ),
            TaskPlan(
                "Tour descriptions", "write", 0.2, 0.9, "done", "the coastal walks; the alpine tours; packing lists"
            ),
            TaskPlan("Trials with guides", "test", 0.7, 1, "review", "the roster view; the day sheet; a full booking"),
            TaskPlan("Gift vouchers", "plan", 0.88, 0.9, "cancelled", "voucher values"),
        ),
        budget_used=1.08,
        hourly_rate=Decimal(165),
    ),
    ProjectPlan(
        "trail",
        "harakeke",
        "Trail map app",
        "Maps and track notes on the telephone, also without a signal.",
        260,
        0,
        5,
        "active",
        (
            TaskPlan("Field research", "plan", 0, 0.3, "done", "track classes; map sources; offline use"),
            TaskPlan("App design", "design", 0.1, 0.8, "done", "the map view; track cards; the download screen"),
            TaskPlan(
                "Offline maps",
                "build",
                0.3,
                1,
                "in_progress",
                "tile downloads; the position marker; storage limits; track overlays; the update of notes",
            ),
            TaskPlan(
                "Track notes", "write", 0.4, 1, "in_progress", "the North Island tracks; hut notes; river crossings"
            ),
            TaskPlan("Beta test", "test", 0.8, 1, "todo", "downloads on slow links; battery use"),
        ),
        estimate_used=0.62,
    ),
    ProjectPlan(
        "newsletter",
        "harakeke",
        "Newsletter relaunch",
        "A new template and a clean list, from the first sketch to the first issue.",
        430,
        320,
        2,
        "completed",
        (
            TaskPlan("Template", "design", 0, 0.6, "done", "the newsletter template; the dark mode of the mail"),
            TaskPlan("List and sign-up", "build", 0.2, 0.9, "done", "the sign-up form; the cleaning of the list"),
            TaskPlan("First issues", "write", 0.4, 1, "done", "the spring issue; the gear guide; the welcome mail"),
        ),
        budget_used=0.88,
    ),
    ProjectPlan(
        "rental",
        "harakeke",
        "Gear rental prototype",
        "Could packs and tents be rented on the website? A prototype to find out.",
        240,
        205,
        2,
        "archived",
        (TaskPlan("Prototype", "build", 0, 1, "done", "the rental calendar; deposits; the pick-up list"),),
        reason="Insurance made it too dear. Not to be mentioned again before next winter.",
    ),
    ProjectPlan(
        "store",
        "mizuki",
        "Store website",
        "The confectioner's website in Japanese and English, with the shops and the seasons' sweets.",
        500,
        0,
        5,
        "active",
        (
            TaskPlan("Concept", "plan", 0, 0.2, "done", "the two languages; the seasons' calendar; the shop finder"),
            TaskPlan(
                "Visual design",
                "design",
                0.05,
                0.6,
                "done",
                "the start page; the sweets' portraits; the shop pages; vertical text",
            ),
            TaskPlan(
                "Website",
                "build",
                0.2,
                1,
                "in_progress",
                "the seasons' calendar; the shop finder; the language switch; the press area; picture sizes",
            ),
            TaskPlan(
                "English edition",
                "write",
                0.3,
                1,
                "in_progress",
                "the history of the house; the tea pairings; allergen notes; the shop pages",
            ),
            TaskPlan("Accessibility check", "test", 0.6, 1, "review", "the start page; the calendar; vertical text"),
        ),
        estimate_used=0.78,
    ),
    ProjectPlan(
        "gifts",
        "mizuki",
        "Gift box configurator",
        "Customers fill a box of their own and choose wrapping, card and day.",
        290,
        0,
        5,
        "active",
        (
            TaskPlan("Rules of the box", "plan", 0, 0.3, "done", "box sizes; shelf life; what may lie beside what"),
            TaskPlan(
                "Configurator design", "design", 0.1, 0.7, "done", "the box view; the wrapping step; the card editor"
            ),
            TaskPlan(
                "Configurator",
                "build",
                0.25,
                1,
                "in_progress",
                "the drag and drop of sweets; prices by box; the delivery day; the card editor; stock by season",
            ),
            TaskPlan("Trial in the Kyoto shop", "test", 0.8, 1, "todo", "the box view; the tablet at the counter"),
        ),
        budget_used=0.93,
    ),
    ProjectPlan(
        "campaigns",
        "mizuki",
        "Season campaigns",
        "A small campaign for each of the four seasons of one year.",
        470,
        150,
        2,
        "completed",
        (
            TaskPlan(
                "Pictures and layouts",
                "design",
                0,
                1,
                "done",
                "the cherry blossom page; the summer jellies; the moon cakes",
            ),
            TaskPlan("Texts", "write", 0, 1, "done", "the spring letter; the autumn letter; the New Year's card"),
        ),
        estimate_used=1.04,
    ),
    ProjectPlan(
        "register",
        "mizuki",
        "Shop register link",
        "Stock of the three shops in the web shop, read from the registers every hour.",
        160,
        60,
        3,
        "on_hold",
        (
            TaskPlan("Interface study", "plan", 0, 0.5, "done", "the registers' export; the article numbers"),
            TaskPlan(
                "Hourly import",
                "build",
                0.4,
                1,
                "in_progress",
                "the stock file reader; missing articles; the report of errors",
            ),
        ),
        budget_used=0.35,
    ),
]
