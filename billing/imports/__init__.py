"""Time from other trackers' exports: one reader for each tracker, one writer, one call."""

from billing.imports.refusals import ImportRefused
from billing.imports.report import BadRows, Changed, Report
from billing.imports.source import LAYOUTS
from billing.imports.values import DATE_ORDERS, DECIMAL_SIGNS
from billing.imports.writer import run

__all__ = [
    "DATE_ORDERS",
    "DECIMAL_SIGNS",
    "LAYOUTS",
    "BadRows",
    "Changed",
    "ImportRefused",
    "Report",
    "run",
]
