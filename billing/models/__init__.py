"""Tables of work and money."""

from billing.models.invoices import Invoice, InvoiceItem, NumberSequence
from billing.models.payments import CreditNote, Payment
from billing.models.quotes import Quote, QuoteItem
from billing.models.work import Comment, Project, Task, TimeEntry

__all__ = [
    "Comment",
    "CreditNote",
    "Invoice",
    "InvoiceItem",
    "NumberSequence",
    "Payment",
    "Project",
    "Quote",
    "QuoteItem",
    "Task",
    "TimeEntry",
]
