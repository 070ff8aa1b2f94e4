"""Each viewer's dashboard: which widgets it shows, and in which order."""

from collections import Counter
from typing import NamedTuple

from django.db import transaction
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.errors import Refused
from portal.models import DashboardPreference
from portal.widgets import DEFAULT_ORDER, WIDGETS


class LayoutRefused(Refused):
    """No dashboard can be laid out so; the words say what is wrong, and with which widget."""


class Layout(NamedTuple):
    """The widgets that a dashboard shows, and the same ones in their order."""

    widget_ids: list[str]
    widget_order: list[str]


def layout_of(viewer):
    """The viewer's saved Layout, or the standard one; widgets that this release does not know are left out."""
    row = DashboardPreference.objects.filter(**_whose(viewer)).first()
    if row is None:
        return Layout([*DEFAULT_ORDER], [*DEFAULT_ORDER])
    return Layout(*([name for name in names if name in WIDGETS] for names in (row.widget_ids, row.widget_order)))


@transaction.atomic
def save(viewer, *, widget_ids, widget_order=None):
    """Keep a dashboard for this viewer alone, in the order of `widget_ids` unless `widget_order` gives another.

    What a later release had saved and this one does not know stays in the row. Raises LayoutRefused.
    """
    chosen = Layout(widget_ids, widget_ids if widget_order is None else widget_order)
    _check(chosen)
    rows = DashboardPreference.objects.filter(**_whose(viewer))
    # Whoever comes first makes the row, and all others at the same moment find it made.
    DashboardPreference.objects.bulk_create([DashboardPreference(**_whose(viewer))], ignore_conflicts=True)
    old = rows.select_for_update().get()
    rows.update(
        widget_ids=chosen.widget_ids + _unknown(old.widget_ids),
        widget_order=chosen.widget_order + _unknown(old.widget_order),
    )
    return chosen


def reset(viewer):
    """Give the viewer the standard dashboard back."""
    return save(viewer, widget_ids=[*DEFAULT_ORDER])


def _check(chosen):
    for name in chosen.widget_ids:
        if name not in WIDGETS:
            raise LayoutRefused(_("There is no widget “%(name)s”.") % {"name": Truncator(name).chars(40)})
    for name, count in Counter(chosen.widget_ids).items():
        if count > 1:
            raise LayoutRefused(_("The widget “%(name)s” is named more than once.") % {"name": name})
    missing = Counter(chosen.widget_ids) - Counter(chosen.widget_order)
    surplus = Counter(chosen.widget_order) - Counter(chosen.widget_ids)
    if missing or surplus:
        said = _("“widget_order” must name each widget of “widget_ids” once; it does not with “%(name)s”.")
        raise LayoutRefused(said % {"name": Truncator(next(iter(missing or surplus))).chars(40)})


def _unknown(names):
    return [name for name in names if name not in WIDGETS]


def _whose(viewer):
    return {"client": viewer.client, "user": viewer.user}
