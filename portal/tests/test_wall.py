"""The second wall, without the first: plain SQL and unscoped models in the place of a page."""

import io
import re
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from accounts.models import Client, Event, EventCounter, User
from accounts.tests.brands import logo_of
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory, StaffFactory
from billing import approvals, payments, projects
from billing.models import (
    Comment,
    Invoice,
    InvoiceItem,
    Payment,
    Project,
    Quote,
    QuoteItem,
    TimeApproval,
    TimeApprovalEntry,
    TimeEntry,
)
from billing.tests.factories import (
    NOW,
    TODAY,
    CommentFactory,
    ProjectFactory,
    TaskFactory,
    TimeEntryFactory,
    draft_invoice,
    requested_approval,
    sent_invoice,
    sent_quote,
)
from portal import checks, golden, wall, wall_sql
from portal.models import DashboardPreference
from portal.scope import Viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer():
    return Viewer.of(PortalUserFactory())


def furnish(client):
    """Visible and hidden rows of every kind."""
    project = ProjectFactory(client=client)
    archived = ProjectFactory(client=client, status="archived")
    for place in (project, archived):
        TaskFactory(project=place)
        TimeEntryFactory(project=place)
        CommentFactory(project=place)
    TimeEntryFactory(project=project, duration_seconds=None)
    CommentFactory(project=project, is_internal=True)
    invoice = sent_invoice(client)
    payments.record(invoice, amount=Decimal(1), paid_on=TODAY, by=None, now=NOW)
    payments.record(invoice, amount=Decimal(2), paid_on=TODAY, by=None, now=NOW, pending=True)
    payments.credit(invoice, amount=Decimal(3), reason="Mistake", by=None, now=NOW, today=TODAY)
    draft_invoice(client)
    sent_quote(client)
    requested_approval(project)
    later_archived = requested_approval(ProjectFactory(client=client)).project
    projects.change_status(later_archived, "archived", by=None, now=NOW)


def rows(table):
    """`SELECT` of what the wall lets through of a table, as `(client, number of rows)`."""
    owner = {"clients": "id", "users": "0"}.get(table, "client_id")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {owner}, count(*) FROM {table} GROUP BY {owner}")
        return dict(cursor.fetchall())


def run(sql):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def rows_of(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@contextmanager
def undone():
    """A part of the test's transaction that leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.postgresql
def test_the_database_shows_a_viewer_its_own_visible_rows_alone(viewer):
    other = ClientFactory()
    furnish(viewer.client)
    furnish(other)
    seen = {
        "clients": 1,
        "projects": 1,
        "tasks": 1,
        "time_entries": 2,
        "client_time_approvals": 1,
        "client_time_approval_entries": 2,
        "comments": 1,
        "invoices": 1,
        "invoice_items": 1,
        "payments": 1,
        "credit_notes": 1,
        "quotes": 1,
        "quote_items": 1,
        "client_event_counters": 1,
    }
    with wall.standing(viewer, writes=False):
        assert {table: rows(table) for table in seen} == {table: {viewer.client.pk: n} for table, n in seen.items()}
    assert rows("invoices") == {viewer.client.pk: 2, other.pk: 2}


@pytest.mark.postgresql
def test_running_timers_are_shown_where_the_client_has_them(viewer):
    TimeEntryFactory(project__client=viewer.client, duration_seconds=None)
    with wall.standing(viewer, writes=False):
        assert rows("time_entries") == {}
    Client.objects.filter(pk=viewer.client.pk).update(show_running_timers=True)
    with wall.standing(viewer, writes=False):
        assert rows("time_entries") == {viewer.client.pk: 1}


@pytest.mark.postgresql
def test_no_query_of_a_page_is_compiled(viewer):
    with wall.standing(viewer, writes=False), connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)


@pytest.mark.postgresql
def test_people_are_the_agencys_and_ones_own_by_name_alone(viewer):
    staff, foreign = StaffFactory(), PortalUserFactory()
    helper = PortalUserFactory()
    TimeEntryFactory(project__client=viewer.client, user=helper)
    with wall.standing(viewer, writes=False):
        seen = set(User.objects.only("pk").values_list("pk", flat=True))
        assert {staff.pk, viewer.user.pk, helper.pk} <= seen
        assert foreign.pk not in seen


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "column",
    [
        "users.email",
        "users.username",
        "users.password",
        "users.last_login",
        "clients.portal_password",
        "clients.internal_notes",
        "clients.email",
        "projects.internal_notes",
        "projects.archived_reason",
        "time_entries.tags",
        "invoices.internal_notes",
        "quotes.internal_notes",
        "payments.internal_notes",
    ],
)
def test_internal_columns_cannot_be_read(viewer, column):
    table, name = column.split(".")
    with pytest.raises(DatabaseError, match="permission denied"), wall.standing(viewer, writes=False):
        run(f"SELECT {name} FROM {table}")


@pytest.mark.postgresql
def test_of_logos_and_looks_only_the_clients_own_can_be_read(viewer):
    for client in (viewer.client, ClientFactory(brand_name="Another")):
        logo_of(client)
    with wall.standing(viewer, writes=False):
        logos = rows_of("SELECT client_id, width FROM client_logos WHERE image IS NOT NULL")
        looks = rows_of("SELECT brand_name, brand_colour, brand_welcome FROM clients")
    assert (logos, looks) == ([(viewer.client.pk, 300)], [("", "", "")])


@pytest.mark.postgresql
@pytest.mark.parametrize("table", ["django_session", "invitations", "agency", "number_sequences", "django_admin_log"])
def test_tables_off_the_golden_list_cannot_be_read(viewer, table):
    with pytest.raises(DatabaseError, match="permission denied"), wall.standing(viewer, writes=False):
        run(f"SELECT 1 FROM {table}")


@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize(
    "model", [Project, TimeEntry, Comment, Invoice, InvoiceItem, Payment, Quote, QuoteItem, Client, User]
)
def test_no_business_row_can_be_changed(viewer, model, writes):
    furnish(viewer.client)
    column = "first_name" if model is User else "name" if model in {Project, Client} else "client_id"
    table = model._meta.db_table
    for sql in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError), transaction.atomic(), wall.standing(viewer, writes=writes):
            run(sql)
    assert model.objects.exists()


def test_a_viewer_writes_its_own_layout_and_reads_it_back(viewer):
    with wall.standing(viewer, writes=True):
        mine = DashboardPreference.objects.create(client=viewer.client, user=viewer.user, widget_ids=["stats"])
    with wall.standing(viewer, writes=False):
        assert list(DashboardPreference.objects.values_list("pk", flat=True)) == [mine.pk]


def test_a_look_writes_nothing_at_all(viewer):
    with pytest.raises(DatabaseError), transaction.atomic(), wall.standing(viewer, writes=False):
        DashboardPreference.objects.create(client=viewer.client, user=viewer.user)
    assert not DashboardPreference.objects.exists()


@pytest.mark.postgresql
def test_nobody_elses_layout_can_be_written_or_read(viewer):
    colleague = PortalUserFactory(client=viewer.client)
    stranger = Viewer.of(CompanyLoginFactory())
    for client, user in ((viewer.client, colleague), (viewer.client, None), (stranger.client, None)):
        DashboardPreference.objects.create(client=client, user=user)
        with pytest.raises(DatabaseError), transaction.atomic(), wall.standing(viewer, writes=True):
            DashboardPreference.objects.create(client=client, user=user)
    with wall.standing(viewer, writes=True):
        assert not DashboardPreference.objects.exists()
        assert DashboardPreference.objects.update(widget_ids=[]) == 0


# The one write of what is not the viewer's own: its answer to a request.


@pytest.fixture
def asked(viewer):
    """A request to the viewer's client, whose portal takes answers."""
    Client.objects.filter(pk=viewer.client.pk).update(portal_approvals_enabled=True)
    return requested_approval(ProjectFactory(client=viewer.client))


def taken(viewer, write):
    """Whether the database lets a page of this viewer do `write`."""
    try:
        with transaction.atomic(), wall.standing(viewer, writes=True):
            done = write()
    except (DatabaseError, approvals.ApprovalRefused, Client.DoesNotExist, TimeApproval.DoesNotExist):
        return False
    return done != 0


def approve(viewer, approval):
    return lambda: approvals.approve(approval, by=viewer.user, now=NOW, version=approval.version)


def test_a_viewer_answers_a_request_once(viewer, asked):
    assert taken(viewer, approve(viewer, asked))
    event = Event.objects.get(kind="approval_approved")
    assert (event.subject_id, event.actor, event.client) == (asked.pk, viewer.user, viewer.client)
    assert not taken(viewer, approve(viewer, asked))


@pytest.mark.postgresql
def test_the_database_takes_no_answer_for_another_client(viewer):
    foreign = requested_approval(ProjectFactory(client__portal_approvals_enabled=True))
    mine = {"status": "approved", "answered_at": NOW, "answered_by": viewer.user}
    assert not taken(viewer, approve(viewer, foreign))
    assert not taken(viewer, lambda: TimeApproval.objects.filter(pk=foreign.pk).update(**mine))
    assert TimeApproval.objects.get().is_waiting


@pytest.mark.postgresql
def test_the_database_takes_no_answer_where_the_portal_takes_none(viewer, asked):
    Client.objects.filter(pk=viewer.client.pk).update(portal_approvals_enabled=False)
    mine = {"status": "approved", "answered_at": NOW, "answered_by": viewer.user}
    assert not taken(viewer, lambda: TimeApproval.objects.filter(pk=asked.pk).update(**mine))
    assert not taken(viewer, lambda: EventCounter.objects.update(last=F("last") + 1))


@pytest.mark.postgresql
def test_the_database_takes_no_answer_about_an_archived_project(viewer, asked):
    Project.objects.filter(pk=asked.project_id).update(status="archived")
    mine = {"status": "approved", "answered_at": NOW, "answered_by": viewer.user}
    assert not taken(viewer, lambda: TimeApproval.objects.filter(pk=asked.pk).update(**mine))


@pytest.mark.postgresql
def test_an_answer_is_an_answer_of_the_viewer_itself(viewer, asked):
    colleague = PortalUserFactory(client=viewer.client)
    mine = {"status": "approved", "answered_at": NOW, "answered_by": viewer.user}
    for other in ({"status": "withdrawn"}, {"status": "requested"}, {"answered_by": colleague}, {"answered_by": None}):
        assert not taken(viewer, lambda other=other: TimeApproval.objects.update(**(mine | other)))
    assert taken(viewer, lambda: TimeApproval.objects.update(**mine))
    assert not taken(viewer, lambda: TimeApproval.objects.update(reason="Something else"))


def test_nothing_else_of_a_request_can_be_written(viewer, asked):
    mine = {"status": "approved", "answered_at": NOW, "answered_by": viewer.user}
    for field in ("version", "period_end", "requested_at", "answered_for_client", "project", "renews", "client"):
        assert not taken(viewer, lambda field=field: TimeApproval.objects.update(**mine, **{field: F(field)}))
    for write in (
        lambda: TimeApprovalEntry.objects.update(notes="Other"),
        lambda: TimeApprovalEntry.objects.all()._raw_delete("default"),
        lambda: TimeApproval.objects.all()._raw_delete("default"),
        lambda: TimeApproval.objects.bulk_create([TimeApproval(client=viewer.client, project=asked.project)]),
        lambda: TimeEntry.objects.update(notes="Other"),
    ):
        assert not taken(viewer, write)
    assert TimeApproval.objects.get().is_waiting


def event_of(viewer, approval, **other):
    own = {
        "client": viewer.client,
        "number": 99,
        "kind": "approval_approved",
        "subject_type": "timeapproval",
        "subject_id": approval.pk,
        "project_id": approval.project_id,
        "actor": viewer.user,
        "recorded_at": NOW,
    }
    return Event(**(own | other))


@pytest.mark.postgresql
def test_an_event_by_a_viewer_tells_of_its_own_answer(viewer, asked):
    assert not taken(viewer, event_of(viewer, asked).save)
    assert taken(viewer, approve(viewer, asked))
    for wrong in (
        {"kind": "approval_rejected"},
        {"kind": "approval_requested"},
        {"kind": "invoice_paid"},
        {"subject_type": "invoice"},
        {"subject_id": asked.pk + 1},
        {"project_id": None},
        {"actor": PortalUserFactory(client=viewer.client)},
        {"actor": None},
        {"client": ClientFactory()},
    ):
        assert not taken(viewer, event_of(viewer, asked, **wrong).save)
    assert taken(viewer, event_of(viewer, asked).save)


def test_events_and_their_counter_are_otherwise_left_alone(viewer, asked):
    for write in (
        lambda: Event.objects.update(kind="invoice_paid"),
        lambda: Event.objects.all()._raw_delete("default"),
        lambda: EventCounter.objects.update(last=F("last") + 2),
        lambda: EventCounter.objects.update(last=F("last") - 1),
        lambda: EventCounter.objects.update(client=F("client")),
        lambda: EventCounter.objects.all()._raw_delete("default"),
    ):
        assert not taken(viewer, write)
    assert taken(viewer, lambda: EventCounter.objects.filter(client=viewer.client).update(last=F("last") + 1))


@pytest.mark.postgresql
def test_the_role_ends_with_the_page(viewer):
    before = current()
    with wall.standing(viewer, writes=False):
        assert current() == ("timetracker_portal", str(viewer.client.pk))
    assert current() == before
    with pytest.raises(ZeroDivisionError), wall.standing(viewer, writes=False):
        1 / 0  # noqa: B018
    assert current() == before
    ClientFactory()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_next_user_of_the_connection_finds_no_trace(viewer):
    before = current()[0]
    with wall.standing(viewer, writes=False):
        assert current() == ("timetracker_portal", str(viewer.client.pk))
    assert current() == (before, "")


def current():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text, coalesce(current_setting('app.client_id', true), '')")
        return cursor.fetchone()


@pytest.mark.postgresql
def test_without_a_client_named_the_role_sees_nothing():
    furnish(ClientFactory())
    with undone():
        run("SET LOCAL ROLE timetracker_portal")
        assert rows("invoices") == rows("time_entries") == rows("clients") == {}


@pytest.mark.sqlite
def test_on_sqlite_odd_statements_are_refused_where_writing_is_allowed(viewer):
    for sql in ("DROP TABLE clients", "PRAGMA query_only = OFF", "ATTACH ':memory:' AS x", "CREATE TABLE x (y)"):
        with pytest.raises(wall.WallRefused), wall.standing(viewer, writes=True), connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.sqlite
def test_on_sqlite_the_guard_ends_with_the_page(viewer):
    with pytest.raises(ZeroDivisionError), wall.standing(viewer, writes=False):
        1 / 0  # noqa: B018
    ClientFactory()


TAMPERINGS = {
    "Row policies are not switched on for invoices": "ALTER TABLE invoices DISABLE ROW LEVEL SECURITY",
    "invoices has no policy for SELECT": "DROP POLICY portal_select ON invoices",
    "The policy of invoices for SELECT is not": "ALTER POLICY portal_select ON invoices USING (true)",
    "invoices has another policy, wide": "CREATE POLICY wide ON invoices FOR SELECT USING (true)",
    r"SELECT on projects \(internal_notes\) is granted beyond": (
        "GRANT SELECT (internal_notes) ON projects TO timetracker_portal"
    ),
    r"SELECT on django_session \(\*\) is granted beyond": "GRANT SELECT ON django_session TO PUBLIC",
    r"INSERT on payments \(\*\) is granted beyond": "GRANT INSERT ON payments TO timetracker_portal",
    r"SELECT on invoices \(id\) is not granted": "REVOKE SELECT (id) ON invoices FROM timetracker_portal",
    r"UPDATE on client_time_approvals \(version\) is granted beyond": (
        "GRANT UPDATE (version) ON client_time_approvals TO timetracker_portal"
    ),
    r"UPDATE on client_time_approvals \(\*\) is granted beyond": (
        "GRANT UPDATE ON client_time_approvals TO timetracker_portal"
    ),
    r"UPDATE on client_time_approvals \(status\) is not granted": (
        "REVOKE UPDATE (status) ON client_time_approvals FROM timetracker_portal"
    ),
    "The policy of client_time_approvals for UPDATE is not": (
        "ALTER POLICY portal_update ON client_time_approvals USING (client_id IS NOT NULL)"
    ),
    "The policy of client_events for INSERT is not": "ALTER POLICY portal_insert ON client_events WITH CHECK (true)",
    "The view peep reads with its owner's rights": "CREATE VIEW peep AS SELECT * FROM invoices",
    "The view heap reads with its owner's rights": "CREATE MATERIALIZED VIEW heap AS SELECT 1 AS one",
    "The function peek runs with its owner's rights": (
        "CREATE FUNCTION peek() RETURNS bigint SECURITY DEFINER LANGUAGE sql AS 'SELECT count(*) FROM invoices'"
    ),
    "may log in, make roles or bypass": "ALTER ROLE timetracker_portal BYPASSRLS",
    "is a member of pg_read_all_data": "GRANT pg_read_all_data TO timetracker_portal",
}


@pytest.mark.postgresql
def test_after_migrate_the_wall_is_up():
    assert wall_sql.audit() == []
    assert checks.wall_is_up(None, ["default"]) == []


@pytest.mark.postgresql
@pytest.mark.parametrize("finding", TAMPERINGS)
def test_the_audit_finds_what_was_tampered_with(finding, capsys):
    with undone():
        run(TAMPERINGS[finding])
        with pytest.raises(CommandError, match="not up as it should be"):
            call_command("portal_wall", "--check")
        (check,) = checks.wall_is_up(None, ["default"])
    assert capsys.readouterr().out == f"{check.msg}\n"
    assert re.search(finding, check.msg)


@pytest.mark.postgresql
def test_installing_mends_what_was_tampered_with():
    with undone():
        for finding in (
            "Row policies are not switched on for invoices",
            "invoices has no policy for SELECT",
            r"SELECT on projects \(internal_notes\) is granted beyond",
            r"INSERT on payments \(\*\) is granted beyond",
        ):
            run(TAMPERINGS[finding])
        call_command("portal_wall", "--install", stdout=io.StringIO())
        assert wall_sql.audit() == []


@pytest.mark.postgresql
def test_a_user_who_may_not_make_roles_gets_the_sql_to_hand_on():
    out = io.StringIO()
    with undone():
        run("DROP POLICY portal_select ON invoices")
        run("CREATE ROLE plain_owner")
        run("SET LOCAL ROLE plain_owner")
        call_command("portal_wall", "--install", stdout=out, stderr=io.StringIO())
        run("SET LOCAL ROLE NONE")
        assert "invoices has no policy for SELECT." in wall_sql.audit()
    assert "CREATE POLICY portal_select ON invoices FOR SELECT" in out.getvalue()


@pytest.mark.sqlite
def test_the_command_says_that_sqlite_has_no_such_wall():
    with pytest.raises(CommandError, match="PostgreSQL only"):
        call_command("portal_wall", "--check")


def test_the_golden_list_names_columns_that_exist():
    with connection.cursor() as cursor:
        for table, shown in golden.READ.items():
            columns = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            assert set(shown.columns) <= columns, table
