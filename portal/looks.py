"""How the portal looks to one client: its name, its welcome, its logo, and the colours in place of the house's own."""

from typing import NamedTuple

from accounts.colours import Accents, accents


class Look(NamedTuple):
    """What a page's head is drawn from; `logo` (without its picture) and `accents` may be None."""

    name: str
    welcome: str
    logo: object
    accents: Accents | None


def of(viewer):
    """The Look of the client whose portal it is, which the viewer brings along."""
    client = viewer.client
    return Look(client.portal_name, client.brand_welcome, getattr(client, "logo", None), accents(client.brand_colour))
