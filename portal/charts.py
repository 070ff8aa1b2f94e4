"""Charts as plain shapes, drawn on the server: what stands in them stands as a table beside them too."""

from decimal import Decimal
from typing import NamedTuple

HEIGHT = 100
# Of the room of a column, how much it fills.
FILLED = Decimal("0.72")
MOST_COLUMNS = 400
STEPS = (1, 2, 4, 5, 8, 10)


class Column(NamedTuple):
    """One column: what it says when pointed at, and where it is drawn, in a box one wide for each and HEIGHT high."""

    title: str
    x: str
    y: str
    width: str
    height: str


class Columns(NamedTuple):
    """Columns from the left to the right below a `top`, a round figure no less than the highest."""

    columns: list[Column]
    top: Decimal
    first: str
    last: str

    @property
    def width(self):
        return len(self.columns)

    @property
    def middle(self):
        return self.top / 2


def columns(values, *, first, last):
    """The Columns of `[(title, value)]`, none negative; `first` and `last` name the ends. None of nothing or too much.

    Wider than MOST_COLUMNS nobody can tell one column from the next.
    """
    highest = max((value for _title, value in values), default=0)
    if not highest or len(values) > MOST_COLUMNS:
        return None
    top = round_up(Decimal(highest))
    return Columns(
        [_column(place, title, value / top) for place, (title, value) in enumerate(values)], top, first, last
    )


def round_up(value):
    """The least of 1, 2, 4, 5, 8 or 10 times a power of ten that is no less than a positive `value`."""
    power = Decimal(1).scaleb(value.adjusted())
    return next(step * power for step in STEPS if step * power >= value)


def _column(place, title, share):
    height = share * HEIGHT
    gap = (1 - FILLED) / 2
    return Column(title, f"{place + gap:.2f}", f"{HEIGHT - height:.2f}", f"{FILLED:.2f}", f"{height:.2f}")
