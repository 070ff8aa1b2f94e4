"""Charts as plain shapes, drawn on the server: what stands in them stands as a table beside them too."""

from decimal import Decimal
from typing import NamedTuple

# Of the room of a column, how much it fills.
FILLED = Decimal("0.72")
MOST_COLUMNS = 400
STEPS = (1, 2, 4, 5, 8, 10)


# As many columns have room for their figures above them.
MOST_LABELLED = 12
# And as many on a phone.
FEW = 8


class Column(NamedTuple):
    """One column: what it says when pointed at, its figure, and where it and its room are drawn, in per cent of all."""

    title: str
    label: str
    x: str
    y: str
    width: str
    height: str
    middle: str
    room_x: str
    room_width: str


class Columns(NamedTuple):
    """Columns from the left to the right below a `top`, a round figure no less than the highest."""

    columns: list[Column]
    top: Decimal
    first: str
    last: str

    @property
    def middle(self):
        return self.top / 2

    @property
    def is_labelled(self):
        return len(self.columns) <= MOST_LABELLED

    @property
    def is_dense(self):
        """Whether figures above the columns have no room on a phone."""
        return len(self.columns) > FEW


def columns(values, *, first, last):
    """The Columns of `[(title, label, value)]`, none negative; `first` and `last` name the ends.

    None of nothing or too much: wider than MOST_COLUMNS nobody can tell one column from the next.
    """
    highest = max((value for _title, _label, value in values), default=0)
    if not highest or len(values) > MOST_COLUMNS:
        return None
    top = round_up(Decimal(highest))
    drawn = [
        _column(place, len(values), title, label if value else "", value / top)
        for place, (title, label, value) in enumerate(values)
    ]
    return Columns(drawn, top, first, last)


def round_up(value):
    """The least of 1, 2, 4, 5, 8 or 10 times a power of ten that is no less than a positive `value`."""
    power = Decimal(1).scaleb(value.adjusted())
    return next(step * power for step in STEPS if step * power >= value)


def _column(place, count, title, label, share):
    room = Decimal(100) / count
    width = room * FILLED
    x = place * room + (room - width) / 2
    height = share * 100
    places = (x, 100 - height, width, height, place * room + room / 2, place * room, room)
    return Column(title, label, *(f"{one:.3f}%" for one in places))
