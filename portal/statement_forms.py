"""What a statement of account is asked for."""

from django.utils.translation import gettext_lazy as _

from portal import periods
from portal.forms import DaysFilter, IsoDateField, with_days


class StatementFilter(DaysFilter):
    """The days of a statement; the year so far where no day is given."""

    ALWAYS = ("date_from", "date_to")

    date_from = IsoDateField(label=_("From"), required=False)
    date_to = IsoDateField(label=_("To (inclusive)"), required=False)

    def __init__(self, params, *, scope, today):
        super().__init__(with_days(params, today, periods.year_start), scope=scope)

    def offer(self):
        """Days alone: there is nothing to choose from."""
