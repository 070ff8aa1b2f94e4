"""What every list of the portal does with its address: pages, and a word about what it could not use."""

import re
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property
from django.utils.text import Truncator
from django.utils.translation import gettext as _

PER_PAGE = 50


class CountedPaginator(Paginator):
    """A Paginator told its count, which the list's total has worked out already."""

    def __init__(self, rows, count, per_page):
        super().__init__(rows, per_page)
        self._counted = count

    @cached_property
    def count(self):
        return self._counted


@dataclass(frozen=True)
class Listing:
    """One page of rows, the words for what of the address was not used, and the address of its other pages."""

    page: Page
    complaints: list[str]
    query: str

    @property
    def count(self):
        return self.page.paginator.count

    @property
    def numbers(self):
        """The pages to choose from: the first, those around this one, and the last; None for those left out between."""
        every = self.page.paginator.get_elided_page_range(self.page.number, on_each_side=1, on_ends=1)
        return [number if isinstance(number, int) else None for number in every]


def listing(params, rows, *, count, filters, per_page=None):
    """The page of `rows` that `params` (a QueryDict) ask for; `filters` names the parameters that the list knows."""
    paginator = CountedPaginator(rows, count, per_page or PER_PAGE)
    number, complaint = _page_number(params, paginator)
    kept = params.copy()
    kept.pop("page", None)
    complaints = [*unused(params, filters), *([complaint] if complaint else [])]
    return Listing(paginator.page(number), complaints, kept.urlencode())


@dataclass(frozen=True)
class Stretch:
    """One page of events below a number; `older` is the number that the next page begins below, or None."""

    rows: list
    before: int | None
    older: int | None
    complaints: list[str]
    query: str


def page_before(params, events_below, *, filters):
    """The Stretch of numbered events that `params` ask for: numbers do not shift while new events arrive.

    `events_below(number, most)` gives the newest of them below a number (None for the newest of all).
    """
    text = params.get("before", "")
    before = int(text) if re.fullmatch(r"[1-9][0-9]{0,17}", text) else None
    complaints = [*unused(params, (*filters, "before"))]
    if text and before is None:
        said = _("“%(text)s” is no event number; this is the first page.")
        complaints.append(said % {"text": Truncator(text).chars(40)})
    rows = events_below(before, PER_PAGE + 1)
    kept = params.copy()
    kept.pop("before", None)
    older = rows[PER_PAGE - 1].number if len(rows) > PER_PAGE else None
    return Stretch(rows[:PER_PAGE], before, older, complaints, kept.urlencode())


def unused(params, filters):
    """A sentence for each parameter that a list does not know or was given twice."""
    for name in params:
        short = Truncator(name).chars(40)
        if name not in {*filters, "page"}:
            yield _("This list has no filter “%(name)s”; it was not used.") % {"name": short}
        elif len(params.getlist(name)) > 1:
            yield _("The filter “%(name)s” was given more than once; the last one was used.") % {"name": short}


def _page_number(params, paginator):
    text = params.get("page", "1")
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        return 1, _("“%(page)s” is no page number; this is the first page.") % {"page": Truncator(text).chars(40)}
    if int(text) > paginator.num_pages:
        last = paginator.num_pages
        return last, _("There is no page %(page)s; this is the last one.") % {"page": int(text)}
    return int(text), None
