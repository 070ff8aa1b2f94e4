"""Tables of work and money."""

from billing.models.approvals import TimeApproval, TimeApprovalEntry
from billing.models.invoices import Invoice, InvoiceItem, NumberSequence
from billing.models.payments import CreditNote, Payment
from billing.models.quotes import Quote, QuoteItem
from billing.models.totals import InvoiceTotal, ProjectTotal
from billing.models.work import Comment, Project, Task, TimeEntry

__all__ = [
    "Comment",
    "CreditNote",
    "Invoice",
    "InvoiceItem",
    "InvoiceTotal",
    "NumberSequence",
    "Payment",
    "Project",
    "ProjectTotal",
    "Quote",
    "QuoteItem",
    "Task",
    "TimeApproval",
    "TimeApprovalEntry",
    "TimeEntry",
]
