"""Queries that are written once: for every viewer the SQL and the parameters that Django would write for it."""

from datetime import UTC, datetime

import pytest

from accounts.models import Event
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory
from billing.tests.factories import sent_invoice
from portal import notices
from portal.prepared import STAND_INS, Prepared
from portal.scope import Scope, Viewer

pytestmark = pytest.mark.django_db


def test_the_header_asks_for_each_viewer_what_its_own_scope_would():
    accounts = [
        *(PortalUserFactory(client=ClientFactory()) for _ in range(2)),
        CompanyLoginFactory(),
        CompanyLoginFactory(),
    ]
    accounts.append(PortalUserFactory(client=accounts[0].client))
    for account in accounts:
        scope = Scope.of(Viewer.of(account))
        prepared = notices._glance_of(scope.viewer, Scope).bound(*notices._asker(scope.viewer))
        assert prepared == notices._glance(scope).query.get_compiler("default").as_sql()


def test_the_header_counts_for_each_viewer_its_own():
    accounts = [
        PortalUserFactory(client=ClientFactory()),
        CompanyLoginFactory(),
        PortalUserFactory(client=ClientFactory()),
    ]
    for count, account in enumerate(accounts):
        for _ in range(count):
            sent_invoice(Viewer.of(account).client)
    for account in accounts:
        type(account).objects.filter(pk=account.pk).update(
            **{"date_joined" if hasattr(account, "date_joined") else "created_at": datetime(2020, 1, 1, tzinfo=UTC)}
        )
        account.refresh_from_db()
    seen = [notices.at_a_glance(Scope.of(Viewer.of(account))) for account in accounts]
    assert [glance.unread for glance in seen] == [0, 1, 2]


def test_a_stand_in_that_the_query_does_not_bind_is_no_query():
    with pytest.raises(ValueError, match="binds nothing"):
        Prepared(lambda _client: Event.objects.filter(number=1), takes=(0,)).first(1)
    assert len(set(STAND_INS)) == len(STAND_INS)
