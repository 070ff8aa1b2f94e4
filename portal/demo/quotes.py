"""The demo's quotes, one of each state for each client."""

from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from billing import quoting
from billing.models import Quote
from portal.demo.agency import CUSTOMERS, LEAD


class QuotePlan(NamedTuple):
    """An offer drafted so many days ago, valid for `valid` days; `outcome` is a Quote.Status that it has by today."""

    client: str
    days_ago: int
    valid: int
    title: str
    outcome: str
    lines: tuple[tuple[str, int, int], ...]
    project: str | None = None


ACCEPTED, DECLINED, SENT, DRAFT = (
    Quote.Status.ACCEPTED,
    Quote.Status.DECLINED,
    Quote.Status.SENT,
    Quote.Status.DRAFT,
)
QUOTES = [
    QuotePlan("kaffee", 425, 30, "Online shop with subscriptions", ACCEPTED, (("Concept", 60, 96), ("Build", 640, 96))),
    QuotePlan("kaffee", 250, 21, "Film about the roastery", DECLINED, (("Film of two minutes", 1, 7800),)),
    QuotePlan("kaffee", 70, 30, "Loyalty card", SENT, (("Design and build", 1, 5400), ("Card printing", 2000, 1))),
    QuotePlan("kaffee", 8, 30, "Online shop: the remaining work", SENT, (("Build", 90, 96), ("Test", 24, 96)), "shop"),
    QuotePlan("kaffee", 1, 30, "Website care for next year", DRAFT, (("Care by the month", 12, 420),), "care"),
    QuotePlan("harakeke", 535, 30, "Tour booking", ACCEPTED, (("Planning and design", 160, 165), ("Build", 420, 165))),
    QuotePlan(
        "harakeke", 200, 14, "Gear rental, full version", DECLINED, (("Build", 310, 172), ("Insurance link", 1, 4500))
    ),
    QuotePlan("harakeke", 95, 45, "Photographs of the alpine tours", SENT, (("Two days on site", 2, 1900),)),
    QuotePlan("harakeke", 5, 20, "Extension of the booking budget", SENT, (("Guides' schedule", 85, 165),), "booking"),
    QuotePlan("harakeke", 2, 20, "Winter campaign", DRAFT, (("Concept and texts", 30, 172),)),
    QuotePlan("mizuki", 300, 45, "Gift box configurator", ACCEPTED, (("Design", 90, 14500), ("Build", 260, 14500))),
    QuotePlan("mizuki", 220, 45, "Chinese edition of the website", DECLINED, (("Translation and build", 1, 2400000),)),
    QuotePlan("mizuki", 130, 60, "Point of sale displays", SENT, (("Design of a display", 3, 185000),)),
    QuotePlan("mizuki", 10, 40, "Card editor as an extra", SENT, (("Card editor", 48, 14500),), "gifts"),
    QuotePlan("mizuki", 3, 30, "Spring campaign", DRAFT, (("Pictures and layouts", 40, 14500), ("Texts", 18, 14500))),
]


def plan(stage):
    """Put all quotes on the timeline; drafts are only drafted, the answers come a week after the sending."""
    for place, offer in enumerate(QUOTES):
        moment = stage.moment(stage.day(offer.days_ago), 14, place)
        stage.at(moment, _offer, stage=stage, offer=offer)


def _offer(stage, offer, *, now):
    customer = next(customer for customer in CUSTOMERS if customer.key == offer.client)
    today = now.date()
    quote = quoting.draft(
        stage.clients[offer.client],
        title=offer.title,
        lines=[quoting.Line(text, Decimal(quantity), Decimal(price)) for text, quantity, price in offer.lines],
        now=now,
        project=stage.projects.get(offer.project),
        tax_rate=customer.tax_rate,
        valid_until=today + timedelta(days=offer.valid),
        terms=customer.terms,
    )
    if offer.outcome == DRAFT:
        return
    sent = quoting.send(quote, by=stage.people[LEAD], now=now, today=today)
    if offer.outcome != SENT:
        stage_close = stage.moment(today + timedelta(days=7), 15)
        if stage_close <= stage.now:
            quoting.close(sent, offer.outcome)
