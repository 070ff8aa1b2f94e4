"""The staff's pages of work and money: each write is one domain call."""

from billing.admin import invoices, payments, quotes, time_entries, work

__all__ = ["invoices", "payments", "quotes", "time_entries", "work"]
