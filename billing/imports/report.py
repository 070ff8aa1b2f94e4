"""What an import did, or would do."""

from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from django.utils.translation import ngettext

from billing.imports.refusals import ImportRefused

MAX_BAD_SHOWN = 100


class BadRow(NamedTuple):
    """A row that cannot be imported: where it begins in the file, and why."""

    line: int
    reason: str


class ProjectTotal(NamedTuple):
    """The new time of one project."""

    client: str
    project: str
    entries: int
    seconds: int


@dataclass
class Report:
    """Counts are of rows; `bad` holds the first of the bad rows, `totals` and `new_...` what is added."""

    format_name: str
    tracker: str
    rows: int = 0
    bad_count: int = 0
    bad: list[BadRow] = field(default_factory=list)
    known: int = 0
    totals: list[ProjectTotal] = field(default_factory=list)
    new_clients: list[str] = field(default_factory=list)
    new_projects: list[str] = field(default_factory=list)
    new_tasks: list[str] = field(default_factory=list)
    new_people: list[str] = field(default_factory=list)
    other_currency: int = 0
    unknown_currency: int = 0
    written: bool = False

    def refuse(self, line, reason):
        self.bad_count += 1
        if len(self.bad) < MAX_BAD_SHOWN:
            self.bad.append(BadRow(line, str(reason)))

    @property
    def bad_not_shown(self):
        return self.bad_count - len(self.bad)

    @property
    def entries(self):
        return sum(total.entries for total in self.totals)

    @property
    def seconds(self):
        return sum(total.seconds for total in self.totals)

    @property
    def warnings(self):
        """What was read otherwise than the file says, once for all its rows."""
        words = []
        if self.other_currency:
            words.append(
                ngettext(
                    "%(count)d row states a rate in another currency than its project's; the project's rate counts.",
                    "%(count)d rows state a rate in another currency than their project's; the project's rate counts.",
                    self.other_currency,
                )
                % {"count": self.other_currency}
            )
        if self.unknown_currency:
            words.append(
                ngettext(
                    "%(count)d row names a currency that does not exist.",
                    "%(count)d rows name a currency that does not exist.",
                    self.unknown_currency,
                )
                % {"count": self.unknown_currency}
            )
        return words

    @property
    def fingerprint(self):
        """The same for two reports that say the same, whether it was done or would be."""
        facts = asdict(self) | {"written": None}
        return blake2b(repr(facts).encode(), digest_size=16).hexdigest()


class BadRows(ImportRefused):
    """The file has bad rows and nothing was imported; `report` has them."""

    def __init__(self, message, report):
        super().__init__(message)
        self.report = report


class Changed(ImportRefused):
    """The import would not do what was previewed any more; `report` says what it would do now."""

    def __init__(self, message, report):
        super().__init__(message)
        self.report = report
