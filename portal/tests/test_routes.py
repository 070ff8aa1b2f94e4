"""Every address below `/client-portal` says who may open it."""

import pytest
from django.urls import get_resolver

from portal.scope import route

PUBLIC = {
    "login",
    "logout",
    "stop_looking",
    "stop_mails",
    "forgotten",
    "set_password",
    "second_factor_code",
    "second_factor_recovery",
}
PEOPLES_OWN = {"second_factor", "second_factor_new_codes", "second_factor_off"}


def portal_routes(patterns=None, prefix=""):
    """`(address, name, view)` of every route below the portal's address."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        address = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from portal_routes(pattern.url_patterns, address)
        elif address.startswith("client-portal"):
            yield address, pattern.name, pattern.callback


def test_every_route_is_for_viewers_but_those_around_signing_in():
    opens_to = {name: view.opens_to for _address, name, view in portal_routes()}
    assert len(opens_to) > len(PUBLIC)
    assert {name for name, who in opens_to.items() if who == "anyone"} == PUBLIC
    assert {name for name, who in opens_to.items() if who == "people"} == PEOPLES_OWN
    assert {name for name, who in opens_to.items() if who == "developers"} == {"design"}
    assert set(opens_to.values()) == {"anyone", "people", "viewers", "developers"}


def test_no_route_ends_in_a_slash():
    assert [address for address, _name, _view in portal_routes() if address.endswith("/")] == []


def test_a_view_without_a_mark_is_refused():
    def careless(request):
        return None

    with pytest.raises(TypeError, match="careless does not say who may open it"):
        route("client-portal/careless", careless, "careless")
