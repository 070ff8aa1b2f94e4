"""Every address of the site, read from the URL conf."""

import re

from django.urls import get_resolver

# Pages of the agency's staff, which Django's admin guards; and files that belong to nobody.
STAFF_PREFIX = "admin/"


def all_addresses(patterns=None, prefix=""):
    """Every pattern of the URL conf as it is written, `client-portal/projects/<str:project_id>`."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        address = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from all_addresses(pattern.url_patterns, address)
        else:
            yield address


def portal_addresses():
    """Every address that is not the staff's, each once."""
    return sorted({address for address in all_addresses() if not address.startswith(STAFF_PREFIX)})


def staff_addresses():
    """Every address of the staff's pages, each once."""
    return sorted({address for address in all_addresses() if address.startswith(STAFF_PREFIX)})


def parts(address):
    """The names of the parts of an address that a request fills."""
    return re.findall(r"<(?:\w+:)?(\w+)>", address)


def filled(address, values):
    """The path of a request: each part replaced by its value from `values`; a KeyError for a part without one."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(values[part[1]]), address)
