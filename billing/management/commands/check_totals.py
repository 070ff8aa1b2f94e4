"""Compare every total that the database keeps with its rows, added up anew. Safe at any time; reads all of history."""

from decimal import Decimal

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from accounts import guards


class Command(BaseCommand):
    help = "Say which stored totals differ from the sum of their rows, and with --repair put them right."

    def add_arguments(self, parser):
        parser.add_argument("--repair", action="store_true", help="put wrong totals right; writers wait meanwhile")

    def handle(self, *, repair, verbosity, **_options):
        with transaction.atomic(), connection.cursor() as cursor:
            wrong = sum(self._tell(kept, cursor) for kept in _kept())
            if wrong and repair:
                for kept in _kept():
                    guards.put_up(kept, cursor, connection.vendor)
        if wrong and not repair:
            raise CommandError(f"{wrong} wrong; `manage.py check_totals --repair` puts them right.")
        if verbosity:
            self.stdout.write(f"{wrong} repaired" if wrong else "All totals are right")

    def _tell(self, kept, cursor):
        """Write a line for each wrong figure; returns how many totals are wrong."""
        cursor.execute(kept.differences(connection.vendor))
        rows = cursor.fetchall()
        for row in rows:
            place = ", ".join(f"{key} {value}" for key, value in zip(kept.keys, row, strict=False))
            stored, right = row[len(kept.keys) :][: len(kept.columns)], row[-len(kept.columns) :]
            for column, is_, should in zip(kept.columns, stored, right, strict=True):
                if is_ != should:
                    self.stderr.write(
                        f"{kept.totals} of {place}: {column} is {_plain(is_)}, should be {_plain(should)}"
                    )
        return len(rows)


def _plain(figure):
    return f"{Decimal(str(figure)).normalize():f}"


def _kept():
    """Every guard that keeps totals, in the order in which they are put up."""
    return [
        guard for app in apps.get_app_configs() for guard in getattr(app, "guards", ()) if hasattr(guard, "differences")
    ]
