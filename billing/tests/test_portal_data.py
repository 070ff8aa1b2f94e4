"""What `User.get_client_portal_data()` holds of work and money: the client's own, and only what it may see."""

from datetime import timedelta

import pytest

from accounts.tests.factories import ClientFactory, PortalUserFactory
from billing import invoicing
from billing.tests.factories import (
    NOW,
    TODAY,
    ProjectFactory,
    TimeEntryFactory,
    draft_invoice,
    sent_invoice,
)


@pytest.mark.django_db
def test_it_holds_the_clients_rows_newest_first():
    user = PortalUserFactory()
    project = ProjectFactory(client=user.client, name="Zoo")
    first = ProjectFactory(client=user.client, name="Aquarium")
    older = TimeEntryFactory(project=project, start_time=NOW - timedelta(days=1))
    newer = TimeEntryFactory(project=project)
    old = sent_invoice(user.client, issue_date=TODAY - timedelta(days=1))
    new = sent_invoice(user.client)
    assert user.get_client_portal_data() == {
        "client": user.client,
        "projects": [first, project],
        "invoices": [new, old],
        "time_entries": [newer, older],
    }


@pytest.mark.django_db
def test_it_holds_nothing_that_the_client_may_not_see():
    user = PortalUserFactory()
    archived = ProjectFactory(client=user.client, status="archived")
    seen = [ProjectFactory(client=user.client, status=status) for status in ["active", "on_hold", "completed"]]
    TimeEntryFactory(project=archived)
    TimeEntryFactory(project=seen[0], duration_seconds=None)
    finished = TimeEntryFactory(project=seen[2])
    draft_invoice(user.client)
    cancelled = invoicing.cancel(sent_invoice(user.client), by=None, now=NOW)
    stranger = ClientFactory()
    TimeEntryFactory(project=ProjectFactory(client=stranger))
    sent_invoice(stranger)
    assert user.get_client_portal_data() == {
        "client": user.client,
        "projects": seen,
        "invoices": [cancelled],
        "time_entries": [finished],
    }
