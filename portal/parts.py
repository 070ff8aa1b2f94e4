"""Parts of pages that are drawn anew while the page is open: which events make each of them stale, declared once."""

from accounts import events
from accounts.events import NOTIFIED, EventKind

PROJECTS = {EventKind.PROJECT_CREATED, EventKind.PROJECT_STATUS_CHANGED, EventKind.PROJECT_COMPLETED}
TIME = {EventKind.TIME_LOGGED}
COMMENTS = {EventKind.COMMENT_ADDED}
INVOICES = {
    EventKind.INVOICE_SENT,
    EventKind.INVOICE_PARTIALLY_PAID,
    EventKind.INVOICE_PAID,
    EventKind.INVOICE_CANCELLED,
}
QUOTES = {EventKind.QUOTE_SENT}
APPROVALS = set(events.APPROVALS)
# No event of the journal: a timer tells of nothing that was done yet.
TIMERS = {"timers"}

# What is on a page besides widgets, by its name (its element's id begins with `part-`), and what makes it stale.
STALE_ON = {
    "bell": set(NOTIFIED),
    "timers": TIMERS | PROJECTS | TIME,
    "summary": PROJECTS | TIME | INVOICES,
    "project": PROJECTS | TIME | COMMENTS,
    "project_list": PROJECTS | TIME,
    "invoice": INVOICES,
    "invoice_list": INVOICES,
    "statement": INVOICES,
    "quote": QUOTES,
    "quote_list": QUOTES,
    "entry_list": PROJECTS | TIME,
    "report": PROJECTS | TIME | INVOICES,
    # Not the form between the two: what is typed stays, and an answer to older hours is refused anyway.
    "approval": APPROVALS,
    "approval_lines": APPROVALS,
    "approval_list": APPROVALS,
    "activity_list": set(EventKind),
    "notifications": set(NOTIFIED),
}
