"""An entry filed under its project, task and person, priced, and given the digest it is known again by."""

from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from hashlib import blake2b

from django.utils.translation import gettext as _

from accounts import regions
from billing import tracking
from billing.imports.names import People, Places, folded, tidy
from billing.imports.refusals import RowRefused

_REMEMBERED = 100_000
_RATE_UNIT = Decimal("0.001")
_TOO_MUCH = Decimal(10) ** 12


class Filing:
    """Turns each Entry into the values of one staged row, after its line number."""

    def __init__(self, report, *, now, client, project):
        self.report = report
        self.default_client, self.default_project = client, project
        self.places = Places(now=now, default_client=client, default_project=project)
        self.people = People(now=now)
        self._filed, self._known_people, self._prices = {}, {}, {}

    @property
    def created(self):
        """What the file's names brought into being: `{model: {pk: row}}`."""
        return self.places.created | self.people.created

    def staged(self, entry):
        """A tuple of staging.COLUMNS without the line; raises RowRefused."""
        currency = self._currency(entry.currency)
        project, task_id, words = self._place(entry, currency)
        user_id, person = self._person(entry)
        billable = project.billable if entry.billable is None else entry.billable
        rate, amount = self._price(project, entry, currency) if billable else (None, None)
        return (
            project.client_id,
            project.pk,
            task_id,
            user_id,
            entry.start,
            entry.end,
            entry.seconds,
            entry.has_times,
            entry.notes,
            entry.tags,
            billable,
            rate,
            amount,
            self._digest(entry, person, words),
        )

    def _digest(self, entry, person, words):
        """Whose tracker says that who did what, when and for how long, in the file's own words.

        Tags, the billable flag and the rate are left out: they are what people change in a tracker after the fact,
        and the same work must not come in twice for it.
        """
        what = f"{self.report.format_name}\0{person}\0{words}\0{entry.notes}"
        text = f"{what}\0{entry.start}\0{entry.seconds}\0{entry.has_times}"
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def _place(self, entry, currency):
        key = entry.client, entry.project, entry.task
        found = self._filed.get(key)
        if found is None:
            project, task = self.places.find(*key, currency)
            words = f"{folded(tidy(entry.project) or self.default_project)}\0{folded(tidy(entry.task))}"
            found = self._filed[key] = (project, task.pk if task else None, words)
        return found

    def _person(self, entry):
        key = entry.person, entry.email
        found = self._known_people.get(key)
        if found is None:
            user = self.people.find(*key)
            found = self._known_people[key] = (user.pk, folded(tidy(entry.email) or tidy(entry.person)))
        return found

    def _currency(self, code):
        """The code if it is a currency's; others are counted and left out."""
        if code is None or code in _currencies():
            return code
        self.report.unknown_currency += 1
        return None

    def _price(self, project, entry, currency):
        """`(rate, amount)` as text; the row's own rate counts if it is in the project's currency."""
        rate = entry.rate
        if rate is not None and currency != project.currency_code:
            self.report.other_currency += 1
            rate = None
        key = project.id, rate, entry.seconds
        price = self._prices.get(key)
        if price is None:
            if len(self._prices) >= _REMEMBERED:
                self._prices.clear()
            price = self._prices[key] = _priced(project, rate, entry.seconds)
        return price


@cache
def _currencies():
    return frozenset(regions.currency_codes())


def _priced(project, rate, seconds):
    if rate is not None and rate >= _TOO_MUCH:
        raise RowRefused(_("The rate is too large."))
    rate = rate and rate.quantize(_RATE_UNIT, rounding=ROUND_HALF_UP)
    rate, amount = tracking.priced(project, billable=True, hourly_rate=rate or None, seconds=seconds)
    if amount is not None and amount >= _TOO_MUCH:
        raise RowRefused(_("The amount is too large."))
    return tuple(None if value is None else str(value) for value in (rate, amount))
