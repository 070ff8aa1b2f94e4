"""What the demo's people say to each other about the work."""

from typing import NamedTuple


class Remark(NamedTuple):
    """A comment on a project (or its task), written so many days ago."""

    project: str
    days_ago: int
    author: str
    internal: bool
    content: str
    task: str | None = None


REMARKS = [
    Remark(
        "brand", 500, "priya", False, "Three directions for the word mark are in the shared folder. We like the second."
    ),
    Remark(
        "brand",
        470,
        "nora",
        True,
        "Ole wants the old eagle back. Katrin does not. Let them sort it out first.",
        "Logo and colours",
    ),
    Remark(
        "brand",
        430,
        "priya",
        False,
        "Print proofs of the 250 g bag are with the printer; samples come by post.",
        "Packaging",
    ),
    Remark(
        "brand", 392, "nora", False, "The style guide is final. Thank you for the quick answers over the last weeks!"
    ),
    Remark(
        "shop",
        380,
        "hanna",
        False,
        "We need the tasting notes of the six espresso blends to begin with the product texts.",
    ),
    Remark(
        "shop",
        300,
        "jonas",
        False,
        "The catalogue is on the staging site, with your real stock levels.",
        "Catalogue and search",
    ),
    Remark(
        "shop",
        220,
        "tomasz",
        True,
        "Their old shop exports prices with a comma and without a currency. Twice a week. Sigh.",
    ),
    Remark(
        "shop",
        120,
        "nora",
        False,
        "Card payments work in the test environment; invoice payment follows this month.",
        "Checkout and payments",
    ),
    Remark(
        "shop",
        64,
        "nora",
        True,
        "At this pace the estimate is gone by the end of next month. Talk to Katrin before it is.",
    ),
    Remark(
        "shop",
        30,
        "nora",
        False,
        "We have used most of the estimated hours. A proposal for the rest is on its way to you.",
    ),
    Remark("shop", 16, "hanna", False, "The brewing guides are ready for you to read.", "Product texts"),
    Remark("shop", 3, "jonas", False, "Pausing a subscription works now, also for single deliveries.", "Subscriptions"),
    Remark(
        "care",
        95,
        "jonas",
        False,
        "The certificates were renewed, and a restore of the backup was tried: all well.",
        "Updates and backups",
    ),
    Remark("care", 20, "jonas", True, "Contact form gets 40 spam mails a day. Add a rate limit, do not bill it."),
    Remark(
        "wholesale", 150, "nora", False, "Please send us two or three real price lists, so that we design with them."
    ),
    Remark("wholesale", 86, "nora", False, "On hold, as agreed, until your new ledger is in place."),
    Remark("fair", 283, "nora", True, "The double booking was our bug. Credit them two hours."),
    Remark(
        "booking",
        505,
        "nora",
        False,
        "Notes of the kick-off are attached to the invitation. Guides' rosters come first.",
    ),
    Remark(
        "booking",
        400,
        "tomasz",
        False,
        "Availability by guide is calculated at night now; a change shows up the next morning.",
    ),
    Remark(
        "booking",
        290,
        "tomasz",
        True,
        "Hut pass interface answers in 9 seconds on Fridays. Cache it.",
        "Booking engine",
    ),
    Remark(
        "booking",
        180,
        "nora",
        False,
        "The hut pass interface took longer than planned. We show you what is left in the budget on Tuesday.",
    ),
    Remark("booking", 75, "nora", True, "Over budget. Wiremu knows and will extend; get it in writing."),
    Remark(
        "booking", 40, "nora", False, "As discussed, we go on with the guides' schedule although the budget is used up."
    ),
    Remark(
        "booking",
        9,
        "hanna",
        False,
        "Two guides tried the day sheet on the Kepler Track; their notes are in the task.",
        "Trials with guides",
    ),
    Remark(
        "trail",
        230,
        "priya",
        False,
        "Track classes follow the official signs, so that nobody has to learn new symbols.",
        "Field research",
    ),
    Remark("trail", 100, "jonas", False, "Maps of one region now take 48 MB instead of 130 MB.", "Offline maps"),
    Remark("trail", 33, "jonas", True, "Test phone fell into the Tongariro river. Order another."),
    Remark(
        "trail",
        6,
        "hanna",
        False,
        "The notes of the North Island tracks are half done; river crossings come next.",
        "Track notes",
    ),
    Remark("newsletter", 335, "hanna", False, "The welcome mail had an open rate of 61 per cent in the first week."),
    Remark("rental", 210, "nora", True, "Nobody asked the insurance first. Lesson learnt."),
    Remark(
        "store",
        450,
        "nora",
        False,
        "Thank you for the tour of the workshop. The seasons' calendar will lead the start page.",
    ),
    Remark(
        "store",
        310,
        "priya",
        False,
        "Vertical text works in all current browsers; older ones get horizontal lines.",
        "Visual design",
    ),
    Remark(
        "store",
        140,
        "hanna",
        False,
        "The English history of the house is ready for Ms Mizuki to read.",
        "English edition",
    ),
    Remark("store", 52, "tomasz", True, "Press area: they upload 80 MB pictures. Scale them on upload."),
    Remark(
        "store",
        12,
        "hanna",
        False,
        "Allergen notes: we took over the new list and marked what changed.",
        "English edition",
    ),
    Remark(
        "gifts",
        270,
        "nora",
        False,
        "Shelf life rules are agreed: fresh sweets are delivered the next day only.",
        "Rules of the box",
    ),
    Remark(
        "gifts",
        110,
        "jonas",
        False,
        "On tablets, sweets can be placed by tapping as well as by dragging.",
        "Configurator",
    ),
    Remark(
        "gifts", 27, "nora", False, "Nine tenths of the budget are spent; the card editor and the delivery day remain."
    ),
    Remark("gifts", 26, "nora", True, "Card editor will not fit into the budget. Offer it as an extra."),
    Remark(
        "campaigns",
        300,
        "hanna",
        False,
        "The summer jellies are online. The letter goes out on Thursday morning, Kyoto time.",
    ),
    Remark(
        "register",
        110,
        "tomasz",
        False,
        "The registers send article numbers without leading zeros; we add them on import.",
        "Interface study",
    ),
    Remark("register", 61, "nora", False, "On hold until the new registers have been delivered."),
]
