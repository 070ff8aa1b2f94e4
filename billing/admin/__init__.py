"""The staff's pages of work and money: each write is one domain call."""

from billing.admin import approvals, invoices, payments, quotes, time_entries, work

__all__ = ["approvals", "invoices", "payments", "quotes", "time_entries", "work"]
