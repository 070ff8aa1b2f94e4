"""Questions that are written once: for every viewer the SQL and the parameters that Django would write for it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.models import Event
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory
from billing.tests.factories import ProjectFactory, TimeEntryFactory, sent_invoice
from portal import layouts, notices, prepared
from portal.prepared import ask
from portal.scope import Scope, Viewer
from portal.tests.browsers import sign_in, signed_in
from portal.widgets import WIDGETS

pytestmark = pytest.mark.django_db

PAGES = [
    "",
    "/time-entries",
    "/time-entries?date_from=2026-03-01&sort=longest&page=1",
    "/reports",
    "/reports?group=task&date_from=2026-03-01&date_to=2026-03-10",
    "/activity?kind=time_logged",
    "/statement",
    "/notifications?before=5",
    "/notifications",
    "/events?after=3",
]
MORNING = datetime(2026, 3, 10, 8, tzinfo=UTC)


def written_for(question, scope, *values):
    """What `ask` sends to the database."""
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        bound = prepared._Written.bound
        patch.setattr(prepared._Written, "bound", lambda self, given: asked.append(bound(self, given)) or asked[-1])
        ask(question, scope, *values)
    return asked[-1]


def scope_of(account):
    return Scope.of(Viewer.of(account))


@pytest.fixture
def accounts():
    """People and companies of several clients, two people of the same one among them."""
    people = [PortalUserFactory(client=ClientFactory()) for _ in range(2)]
    return [*people, CompanyLoginFactory(), CompanyLoginFactory(), PortalUserFactory(client=people[0].client)]


@pytest.fixture
def compared(monkeypatch):
    """Has every question compared with what Django writes for its viewer itself; `{question's name: how often}`."""
    seen = {}

    def ask_both(question, scope, *values, typed=""):
        expected = question(scope, *values).query.get_compiler("default").as_sql()
        assert written_for(question, scope, *values) == expected, question.__name__
        seen[question.__name__] = seen.get(question.__name__, 0) + 1
        return ask(question, scope, *values, typed=typed)

    for module in ("notices", "overview", "forms", "entry_list", "report_figures", "notice_views", "statement_pages"):
        monkeypatch.setattr(f"portal.{module}.ask", ask_both)
    return seen


def test_every_page_asks_for_each_viewer_what_its_own_scope_would(accounts, compared):
    for account in accounts:
        viewer = Viewer.of(account)
        project = ProjectFactory(client=viewer.client)
        TimeEntryFactory(project=project)
        layouts.save(viewer, widget_ids=[*WIDGETS])
        browser = signed_in(account) if viewer.user else sign_in(account.portal_username)[0]
        for page in (*PAGES, f"/projects/{project.pk}", f"/time-entries?project_id={project.pk}"):
            assert browser.get(f"/client-portal{page}").status_code == 200
    assert len(compared) >= 25
    assert min(compared.values()) >= len(accounts)


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
    seen = [notices.at_a_glance(scope_of(account)) for account in accounts]
    assert [glance.unread for glance in seen] == [0, 1, 2]


def by_days(scope, start, day, project_id, word):
    found = scope.entries.filter(start_time__gte=start, end_time__date__lte=day, project=project_id)
    return found.filter(notes=word) if word else found


def test_values_of_all_kinds_are_asked_for_and_none_outlives_its_question():
    entries = [TimeEntryFactory(start_time=MORNING, notes="One"), TimeEntryFactory(start_time=MORNING, notes="Two")]
    for entry in entries:
        scope = scope_of(PortalUserFactory(client=entry.client))
        for word, found in ((None, [entry]), (entry.notes, [entry]), ("Three", [])):
            assert ask(by_days, scope, MORNING, date(2026, 3, 11), entry.project_id, word) == found
        assert ask(by_days, scope, MORNING, date(2026, 3, 9), entry.project_id, None) == []
        assert ask(by_days, scope, MORNING, date(2026, 3, 11), entries[0].project_id + 10_000, None) == []


def of_nobody(scope):
    return Event.objects.filter(number=1)


def of_no_day(scope, day):
    return scope.journal


def of_the_day_before(scope, day):
    return scope.entries.filter(start_time__date__in=[day, day - timedelta(days=1)])


def of_the_next_id(scope, pk):
    return scope.entries.filter(pk__in=[pk, pk + 1])


def of_its_zone(scope):
    return scope.journal.filter(kind=scope.viewer.client.timezone)


def test_a_question_that_does_not_bind_what_it_is_given_is_none():
    scope = scope_of(PortalUserFactory())
    with pytest.raises(ValueError, match="binds nothing"):
        ask(of_nobody, scope)
    with pytest.raises(ValueError, match="binds nothing"):
        ask(of_no_day, scope, date(2026, 3, 10))


@pytest.mark.parametrize(("question", "value"), [(of_the_day_before, date(2026, 3, 10)), (of_the_next_id, 7)])
def test_a_question_is_given_what_it_would_have_to_work_out(question, value):
    with pytest.raises(ValueError, match="must be given, too"):
        ask(question, scope_of(PortalUserFactory()), value)


def test_a_question_cannot_read_of_the_viewer_what_would_be_another_viewers():
    with pytest.raises(Exception, match="does not exist"):
        ask(of_its_zone, scope_of(PortalUserFactory()))
