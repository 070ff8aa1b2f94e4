"""Viewers for the portal's tests, and what is written to its log."""

import io
import logging

import pytest

from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory
from portal.tests.browsers import signed_in
from portal.tests.proof import walls


@pytest.fixture(autouse=True)
def walls_left_standing(request, monkeypatch):
    """With `--walls` the whole portal suite runs with only those walls between clients standing."""
    walls.take_down(walls.EVERY_WAY[request.config.getoption("--walls")], monkeypatch)


@pytest.fixture
def client_row(db):
    """The client whose portal is looked at; English formats, Berlin time, euros."""
    return ClientFactory(name="Northwind", locale="en-GB", timezone="Europe/Berlin", currency_code="EUR")


@pytest.fixture
def viewer(client_row):
    """A browser in which one of the client's people is signed in."""
    return signed_in(PortalUserFactory(client=client_row))


@pytest.fixture
def company(db):
    """A client with a company login."""
    return CompanyLoginFactory(name="Contoso", portal_username="contoso")


@pytest.fixture
def console():
    """What the log's handler writes."""
    (handler,) = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)
