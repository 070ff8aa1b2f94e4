"""Two marked clients, and the walls between them."""

import pytest
import time_machine

from billing.tests.factories import NOW
from portal import lists
from portal.tests.proof.marks import A, B
from portal.tests.proof.planting import plant, plant_agency
from portal.tests.proof.walls import EVERY_WAY, take_down


@pytest.fixture
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def short_lists(monkeypatch):
    """Lists cut after a few rows, so that few rows have a second page."""
    monkeypatch.setattr(lists, "PER_PAGE", 3)


@pytest.fixture
def ours(db, on_the_day, short_lists):
    """The client that is looked at as."""
    plant_agency()
    return plant(A)


@pytest.fixture
def theirs(ours):
    """Another client, with a row of everything too."""
    return plant(B)


@pytest.fixture(params=EVERY_WAY)
def walls(request, monkeypatch):
    """Each way in which walls may stand: both, one of them, none."""
    standing = EVERY_WAY[request.param]
    take_down(standing, monkeypatch)
    return standing
