"""The number of a request: in its answer, on its error page, and in every line that it writes to the log."""

import logging
import re
import secrets
from contextvars import ContextVar

HEADER = "X-Request-ID"

_number = ContextVar("request_id", default="-")
_FORM = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
# The path of a page that a mailed link opens is its secret.
_SECRET_PATH = re.compile(r"(/client-portal/(?:set-password|stop-mails)/)[^\s/?'\"]+")


def numbered(get_response):
    """Give each request a number: the one that a named proxy gave it, else a new random one."""

    def middleware(request):
        given = request.META.pop("HTTP_X_REQUEST_ID", "") if request.came_by_proxy else ""
        number = given if _FORM.fullmatch(given) else secrets.token_hex(8)
        token = _number.set(number)
        try:
            response = get_response(request)
        finally:
            _number.reset(token)
        response[HEADER] = number
        return response

    return middleware


def current():
    """The number of the request being answered, "-" outside one."""
    return _number.get()


class Line(logging.Formatter):
    """A line of the log: it may name `request_id`, and the secret of a link is not written out."""

    def format(self, record):
        record.request_id = current()
        return _SECRET_PATH.sub(r"\1…", super().format(record))
