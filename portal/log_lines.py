"""Lines of the log, for people or for machines: one formatter for whoever writes, and no secret of a link in any.

Besides its words a line bears what is bound to the work that it comes from: the number of the request or socket
(`portal.request_ids`), the client and the user by their numbers, a worker's task.
"""

import json
import re
from datetime import UTC, datetime

from structlog.contextvars import merge_contextvars
from structlog.processors import StackInfoRenderer, format_exc_info
from structlog.stdlib import ExtraAdder, ProcessorFormatter

# The path of a page that a mailed link opens is its secret.
_SECRET_PATH = re.compile(r"(/client-portal/(?:set-password|stop-mails)/)[^\s/?'\"]+")
# Of what a line is given besides its words, these are told; anything else might be an object with secrets in it.
TOLD = ("method", "route", "status", "milliseconds", "bytes")
BOUND = ("request_id", "client_id", "user_id", "task", "task_id")


class Line(ProcessorFormatter):
    """A line of the log, `plain` or `json`."""

    def __init__(self, shape):
        last = {"plain": _as_text, "json": _as_json}[shape]
        told = [merge_contextvars, ExtraAdder(TOLD), StackInfoRenderer(), format_exc_info]
        super().__init__(processors=[*told, _without_secrets, last])


def _without_secrets(_logger, _level, line):
    """All values as themselves or as text, so that nothing is written out later that was not looked at here."""
    return {name: value if name == "_record" else _told(value) for name, value in line.items()}


def _told(value):
    if value is None or isinstance(value, bool | int | float):
        return value
    return _SECRET_PATH.sub(r"\1…", str(value))


def _as_text(_logger, _level, line):
    record = line["_record"]
    when = datetime.fromtimestamp(record.created).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    bound = " ".join([line.get("request_id") or "-", *_named(line)])
    head = f"{when},{int(record.msecs):03} {record.levelname} {record.name} [{bound}] {line['event']}"
    return "\n".join([head, *(line[name] for name in ("exception", "stack") if line.get(name))])


def _named(line):
    return [f"{name}={line[name]}" for name in BOUND[1:] if line.get(name) is not None]


def _as_json(_logger, _level, line):
    record = line["_record"]
    facts = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": line["event"],
    }
    facts |= {name: line[name] for name in (*BOUND, *TOLD, "exception", "stack") if line.get(name) is not None}
    return json.dumps(facts, ensure_ascii=False)
