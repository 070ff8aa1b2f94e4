"""The number of a request: in its answer, on its error page, and in every line that it writes to the log."""

import re
import secrets

from structlog.contextvars import bound_contextvars, get_contextvars

HEADER = "X-Request-ID"

_FORM = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


def numbered(get_response):
    """Give each request a number: the one that a named proxy gave it, else a new random one.

    Whose the request is, its lines in the log say as soon as it is known, and no line after it does.
    """

    def middleware(request):
        number = number_of(request.META.pop("HTTP_X_REQUEST_ID", ""), is_believed=request.came_by_proxy)
        with bound_contextvars(request_id=number, client_id=None, user_id=None):
            response = get_response(request)
        response[HEADER] = number
        return response

    return middleware


def number_of(given, *, is_believed):
    """The number that a request or socket came with, if it is one and its giver is believed, else a new one."""
    return given if is_believed and _FORM.fullmatch(given) else secrets.token_hex(8)


def current():
    """The number of the request being answered, "-" outside one."""
    return get_contextvars().get("request_id", "-")
