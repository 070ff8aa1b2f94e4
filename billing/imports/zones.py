"""Local wall-clock time as instants, at the speed of a look-up on all but the days of a clock change."""

from datetime import UTC, datetime, timedelta

from billing.imports.values import SECONDS_PER_DAY

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock time is naive by nature


class WallClock:
    """The clock of one time zone: days since 1970-01-01 and seconds since midnight in, seconds since the epoch out."""

    def __init__(self, zone):
        self.zone = zone
        self._midnights = {}

    def midnight(self, day):
        """The instant of a day's midnight, or None for a day with a clock change in it."""
        try:
            return self._midnights[day]
        except KeyError:
            first, last = self._offsets(day), self._offsets(day + 1)
            same = len({*first, *last}) == 1
            self._midnights[day] = day * SECONDS_PER_DAY - first[0] if same else None
            return self._midnights[day]

    def readings(self, day, second):
        """The instants that a wall clock may mean, in order: one; two in a doubled hour; none in a skipped one."""
        midnight = self.midnight(day)
        if midnight is not None:
            return [midnight + second]
        local = _EPOCH + timedelta(days=day, seconds=second)
        instants = {
            int(moment.timestamp())
            for moment in (local.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1))
            if moment.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) == local
        }
        return sorted(instants)

    def _offsets(self, day):
        """The seconds east of UTC at a day's midnight, by both readings of it."""
        midnight = _EPOCH + timedelta(days=day)
        return [int(midnight.replace(tzinfo=self.zone, fold=fold).utcoffset().total_seconds()) for fold in (0, 1)]
