"""The golden list: all that the portal's database role may read and write, and of which rows.

Nothing else is granted. A new table or column is invisible to the portal until it is named here; `manage.py migrate`
and `manage.py portal_wall` put the list up, `manage.py portal_wall --check` compares it with the database.
"""

from typing import NamedTuple

# Bare, not as sub-selects: the planner then knows whose rows are asked for, and that a large client has many.
CLIENT = "NULLIF(current_setting('app.client_id', true), '')::bigint"
USER = "NULLIF(current_setting('app.user_id', true), '')::bigint"
SHOWN_PROJECT = f"project_id IN (SELECT id FROM projects WHERE client_id = {CLIENT})"


class Table(NamedTuple):
    """What of a table is read: its columns, and the rows for which `rows` (SQL) holds."""

    columns: tuple[str, ...]
    rows: str


class Narrowed(NamedTuple):
    """A write of some columns alone, of rows for which `before` holds (SQL) and that come out so that `after` does."""

    columns: tuple[str, ...]
    before: str = "TRUE"
    after: str = "TRUE"


def _columns(text):
    return tuple(text.split())


_DOCUMENT = (
    "id client_id project_id issue_date currency_code tax_rate subtotal tax_amount total_amount notes terms "
    "seller_name seller_details payment_instructions buyer_name buyer_details locale created_at "
    "sent_at status "
)
_LINE = "id client_id position description quantity unit_price tax_rate amount "
_OWN = f"client_id = {CLIENT} AND user_id IS NOT DISTINCT FROM {USER}"

READ = {
    "clients": Table(
        _columns(
            "id name is_active currency_code timezone locale show_rates show_staff_names show_running_timers "
            "portal_approvals_enabled brand_name brand_colour brand_welcome"
        ),
        f"id = {CLIENT}",
    ),
    "client_logos": Table(_columns("client_id image digest width height"), f"client_id = {CLIENT}"),
    "users": Table(
        _columns("id first_name last_name"),
        # The agency's people; those of another client only where they worked for this one, or asked or answered.
        f"is_staff OR client_id IS NULL OR client_id = {CLIENT} "
        f"OR EXISTS (SELECT 1 FROM time_entries e WHERE e.client_id = {CLIENT} AND e.user_id = users.id) "
        f"OR EXISTS (SELECT 1 FROM client_time_approval_entries l "
        f"WHERE l.client_id = {CLIENT} AND l.user_id = users.id) "
        f"OR EXISTS (SELECT 1 FROM client_time_approvals a WHERE a.client_id = {CLIENT} "
        "AND users.id IN (a.requested_by_id, a.answered_by_id))",
    ),
    "projects": Table(
        _columns(
            "id client_id name description status start_date due_date currency_code billable hourly_rate "
            "estimated_hours budget_amount created_at"
        ),
        f"client_id = {CLIENT} AND status <> 'archived'",
    ),
    "tasks": Table(
        _columns("id client_id project_id name description status due_date estimated_hours created_at"),
        f"client_id = {CLIENT} AND {SHOWN_PROJECT}",
    ),
    "time_entries": Table(
        _columns(
            "id client_id project_id task_id user_id start_time end_time duration_seconds has_times notes billable "
            "hourly_rate amount"
        ),
        f"client_id = {CLIENT} AND {SHOWN_PROJECT} "
        f"AND (end_time IS NOT NULL OR (SELECT show_running_timers FROM clients WHERE id = {CLIENT}))",
    ),
    "project_totals": Table(
        _columns("id client_id project_id entries seconds billable_seconds priced_entries amount"),
        f"client_id = {CLIENT} AND {SHOWN_PROJECT}",
    ),
    "comments": Table(
        _columns("id client_id project_id task_id author_id content is_internal created_at"),
        f"client_id = {CLIENT} AND NOT is_internal AND {SHOWN_PROJECT}",
    ),
    "invoices": Table(
        _columns(_DOCUMENT + "invoice_number due_date cancelled_at paid_amount credited_amount outstanding state"),
        f"client_id = {CLIENT} AND status <> 'draft'",
    ),
    "invoice_totals": Table(
        _columns("id client_id currency_code state invoices total_amount outstanding"),
        f"client_id = {CLIENT} AND state <> 'draft'",
    ),
    "invoice_items": Table(
        _columns(_LINE + "invoice_id"),
        f"client_id = {CLIENT} AND EXISTS (SELECT 1 FROM invoices d WHERE d.id = invoice_id)",
    ),
    "payments": Table(
        _columns("id client_id invoice_id amount paid_on method status reference reversal_of_id created_at"),
        f"client_id = {CLIENT} AND status = 'completed'",
    ),
    "credit_notes": Table(
        _columns("id client_id invoice_id credit_number amount issue_date reason created_at"), f"client_id = {CLIENT}"
    ),
    "quotes": Table(
        _columns(_DOCUMENT + "quote_number title valid_until"), f"client_id = {CLIENT} AND status <> 'draft'"
    ),
    "quote_items": Table(
        _columns(_LINE + "quote_id"), f"client_id = {CLIENT} AND EXISTS (SELECT 1 FROM quotes d WHERE d.id = quote_id)"
    ),
    "client_events": Table(
        _columns("id client_id number kind subject_type subject_id project_id actor_id facts recorded_at"),
        f"client_id = {CLIENT}",
    ),
    "client_event_counters": Table(_columns("client_id last mailed"), f"client_id = {CLIENT}"),
    "journal_epoch": Table(_columns("id code"), "TRUE"),
    "client_event_reads": Table(_columns("id client_id user_id event_id read_at"), _OWN),
    "client_event_read_marks": Table(_columns("id client_id user_id up_to"), _OWN),
    "client_portal_mail_choices": Table(_columns("id client_id user_id kind choice"), _OWN),
    "client_portal_dashboard_preferences": Table(_columns("id client_id user_id widget_ids widget_order"), _OWN),
    "client_time_approvals": Table(
        _columns(
            "id client_id project_id period_start period_end status version requested_by_id requested_at "
            "answered_by_id answered_at answered_for_client reason renews_id"
        ),
        f"client_id = {CLIENT} AND {SHOWN_PROJECT}",
    ),
    "client_time_approval_entries": Table(
        _columns(
            "id client_id approval_id user_id start_time end_time duration_seconds has_times task_name notes billable "
            "hourly_rate amount currency_code"
        ),
        f"client_id = {CLIENT} AND EXISTS (SELECT 1 FROM client_time_approvals a WHERE a.id = approval_id)",
    ),
}

# The viewer's own tables: what it may do there besides reading, always within the rows of READ.
WRITE = {
    "client_event_reads": ("INSERT",),
    "client_event_read_marks": ("INSERT", "UPDATE"),
    "client_portal_dashboard_preferences": ("INSERT", "UPDATE"),
    "client_portal_mail_choices": ("INSERT", "UPDATE"),
    "client_time_approvals": ("UPDATE",),
    "client_events": ("INSERT",),
    "client_event_counters": ("UPDATE",),
}

# Of those, what is narrower than the table: one answer to a waiting request by the viewer itself, and what tells of it.
_MAY_ANSWER = f"(SELECT portal_approvals_enabled FROM clients WHERE id = {CLIENT})"
NARROWED = {
    ("client_time_approvals", "UPDATE"): Narrowed(
        _columns("status answered_by_id answered_at reason"),
        before=f"status = 'requested' AND {_MAY_ANSWER}",
        after=f"status IN ('approved', 'rejected') AND answered_by_id IS NOT DISTINCT FROM {USER}",
    ),
    ("client_events", "INSERT"): Narrowed(
        _columns("client_id number kind subject_type subject_id project_id actor_id facts recorded_at"),
        after=f"kind IN ('approval_approved', 'approval_rejected') AND {_MAY_ANSWER} "
        f"AND actor_id IS NOT DISTINCT FROM {USER} AND subject_type = 'timeapproval' "
        "AND EXISTS (SELECT 1 FROM client_time_approvals a WHERE a.id = client_events.subject_id "
        "AND a.project_id = client_events.project_id AND 'approval_' || a.status = client_events.kind "
        f"AND a.answered_by_id IS NOT DISTINCT FROM {USER} AND NOT a.answered_for_client)",
    ),
    ("client_event_counters", "UPDATE"): Narrowed(_columns("last"), before=_MAY_ANSWER, after=_MAY_ANSWER),
}


def shown_fields(model, *related):
    """The names of a model's fields that the portal may read, with those of `related` foreign keys, for `only()`."""
    names = []
    for prefix, owner in [("", model), *((f"{name}__", model._meta.get_field(name).related_model) for name in related)]:
        columns = READ[owner._meta.db_table].columns
        names += [prefix + field.name for field in owner._meta.concrete_fields if field.column in columns]
    return names
