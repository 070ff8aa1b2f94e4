"""The second wall, without the first: plain SQL and unscoped models in the place of a page."""

import io
import re
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import Client, User
from accounts.tests.factories import ClientFactory, CompanyLoginFactory, PortalUserFactory, StaffFactory
from billing import payments
from billing.models import Comment, Invoice, InvoiceItem, Payment, Project, Quote, QuoteItem, TimeEntry
from billing.tests.factories import (
    NOW,
    TODAY,
    CommentFactory,
    ProjectFactory,
    TaskFactory,
    TimeEntryFactory,
    draft_invoice,
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


def rows(table):
    """`SELECT` of what the wall lets through of a table, as `(client, number of rows)`."""
    owner = {"clients": "id", "users": "0"}.get(table, "client_id")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {owner}, count(*) FROM {table} GROUP BY {owner}")
        return dict(cursor.fetchall())


def run(sql):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


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
        "time_entries": 1,
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
