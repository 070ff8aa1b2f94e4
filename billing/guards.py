"""What the database refuses of work and money: rows filed under another client, and changes of what was issued
or answered."""

from accounts.guards import Refusal, Tie, frozen_columns
from accounts.totals import ChildSum, Totals
from billing.models import Invoice

_ISSUED_LINE = "EXISTS (SELECT 1 FROM {parent} WHERE id = {row}.{parent_id} AND status <> '{open_as}')"
_ISSUED_QUOTE_COLUMNS = [
    "quote_number" if name == "invoice_number" else name for name in Invoice.ISSUED_FIELDS if name != "due_date"
] + ["title", "valid_until"]
_PAYMENT_COLUMNS = ("id client_id invoice_id amount paid_on method reference reversal_of_id created_at").split()


def _lines_of(parent, lines, parent_id, open_as="draft"):
    """Refuse every change of the lines of a document that is no longer a draft, or a request that was answered."""
    for change, rows in {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}.items():
        condition = " OR ".join(
            _ISSUED_LINE.format(parent=parent, parent_id=parent_id, row=row, open_as=open_as) for row in rows
        )
        yield Refusal(f"{lines}_issued_{change.lower()}", lines, change, f"({condition})", reads=(parent,))


GUARDS = [
    Tie("tasks", "project_id", "projects"),
    Tie("time_entries", "project_id", "projects"),
    Tie("time_entries", "task_id", "tasks", shared="project_id"),
    Tie("comments", "project_id", "projects"),
    Tie("comments", "task_id", "tasks", shared="project_id"),
    Tie("invoices", "project_id", "projects"),
    Tie("quotes", "project_id", "projects"),
    Tie("invoice_items", "invoice_id", "invoices"),
    Tie("quote_items", "quote_id", "quotes"),
    Tie("payments", "invoice_id", "invoices"),
    Tie("credit_notes", "invoice_id", "invoices"),
    Tie("client_time_approvals", "project_id", "projects"),
    Tie("client_time_approvals", "renews_id", "client_time_approvals"),
    Tie("client_time_approval_entries", "approval_id", "client_time_approvals"),
    Refusal("time_approvals_answered_update", "client_time_approvals", "UPDATE", "OLD.status <> 'requested'"),
    Refusal("time_approvals_kept_delete", "client_time_approvals", "DELETE", "TRUE"),
    *_lines_of("client_time_approvals", "client_time_approval_entries", "approval_id", open_as="requested"),
    Refusal(
        "invoices_issued_update",
        "invoices",
        "UPDATE",
        "OLD.status <> 'draft' AND ("
        + frozen_columns(Invoice.ISSUED_FIELDS)
        + " OR NEW.status = 'draft' OR (OLD.status = 'cancelled' AND NEW.status <> 'cancelled'))",
    ),
    Refusal("invoices_issued_delete", "invoices", "DELETE", "OLD.status <> 'draft'"),
    *_lines_of("invoices", "invoice_items", "invoice_id"),
    Refusal(
        "quotes_issued_update",
        "quotes",
        "UPDATE",
        "OLD.status <> 'draft' AND (" + frozen_columns(_ISSUED_QUOTE_COLUMNS) + " OR NEW.status = 'draft')",
    ),
    *_lines_of("quotes", "quote_items", "quote_id"),
    Refusal(
        "payments_kept_update",
        "payments",
        "UPDATE",
        frozen_columns(_PAYMENT_COLUMNS) + " OR (OLD.status <> 'pending' AND NEW.status <> OLD.status)",
    ),
    Refusal("payments_kept_delete", "payments", "DELETE", "TRUE"),
    Refusal(
        "credit_notes_kept_update",
        "credit_notes",
        "UPDATE",
        frozen_columns(["id", "client_id", "invoice_id", "credit_number", "amount", "issue_date", "reason"]),
    ),
    Refusal("credit_notes_kept_delete", "credit_notes", "DELETE", "TRUE"),
    Totals(
        "time_entries",
        "project_totals",
        keys=("client_id", "project_id"),
        count="entries",
        sums=(
            ("seconds", "{row}.duration_seconds"),
            ("billable_seconds", "CASE WHEN {row}.billable THEN {row}.duration_seconds ELSE 0 END"),
            ("priced_entries", "CASE WHEN {row}.amount IS NULL THEN 0 ELSE 1 END"),
            ("amount", "COALESCE({row}.amount, 0)"),
        ),
        watched=("client_id", "project_id", "end_time", "duration_seconds", "billable", "amount"),
        where="{row}.end_time IS NOT NULL",
    ),
    ChildSum(
        "invoices",
        "paid_amount",
        children="payments",
        pointer="invoice_id",
        amount="amount",
        watched=("invoice_id", "amount", "status"),
        where="status = 'completed'",
    ),
    ChildSum(
        "invoices",
        "credited_amount",
        children="credit_notes",
        pointer="invoice_id",
        amount="amount",
        watched=("invoice_id", "amount"),
    ),
    Totals(
        "invoices",
        "invoice_totals",
        keys=("client_id", "currency_code", "state"),
        count="invoices",
        sums=(("total_amount", "{row}.total_amount"), ("outstanding", "{row}.outstanding")),
        watched=("client_id", "currency_code", "state", "total_amount", "outstanding"),
        where="{row}.state <> 'draft'",
    ),
]
