"""The site's own error pages: they say what happened and what to do, and nothing of the framework.

They need no database and no session, and speak JSON to who asks for it. Those that the reader may want to tell us of
bear the request's number; the 404 does not, so that it is the same for what is missing and what is another client's.
"""

import sys
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request, gettext_lazy
from django.utils.translation import gettext as _

from portal import request_ids

RETRY_SECONDS = 10
WITHOUT_NUMBER = {404, 405}
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)

# SQLite's own words for a database that cannot be reached just now; its other errors are ours.
SQLITE_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_PROTOCOL")

WORDS = {
    400: (
        gettext_lazy("This request could not be read"),
        gettext_lazy("Go back, reload the page and try again."),
    ),
    403: (
        gettext_lazy("You may not open this page"),
        gettext_lazy("Ask the agency if you think that you should."),
    ),
    404: (
        gettext_lazy("Nothing here"),
        gettext_lazy("The page does not exist or is not part of your portal."),
    ),
    405: (
        gettext_lazy("This page cannot be used like that"),
        gettext_lazy("Nothing was changed. Open the page again from the portal."),
    ),
    413: (
        gettext_lazy("That was too much at once"),
        gettext_lazy("Nothing was changed. Send less text, fewer fields or a smaller file."),
    ),
    429: (
        gettext_lazy("Too many attempts"),
        gettext_lazy("Please wait a little before you try again."),
    ),
    500: (
        gettext_lazy("Something went wrong on our side"),
        gettext_lazy("Please try again in a moment. If it happens again, tell the agency."),
    ),
    503: (
        gettext_lazy("We will be back in a moment"),
        gettext_lazy("The portal cannot reach its data just now. Please try again in a moment."),
    ),
}
FORM_TOO_OLD = (
    gettext_lazy("This form is too old"),
    gettext_lazy("Nothing was changed. Go back, reload the page and send the form again; cookies must be allowed."),
)


def bad_request(request, exception=None):
    """400, or 413 where the request was too large to be read."""
    return page(request, 413 if isinstance(exception, TOO_LARGE) else 400)


def permission_denied(request, exception=None):
    return page(request, 403)


def not_found(request, exception=None):
    """The same bytes for what is missing and for what is another client's."""
    return page(request, 404)


def csrf_failure(request, reason=""):
    return page(request, 403, FORM_TOO_OLD)


def server_error(request):
    """500; where the database is away 503, which asks to come back. Django has put the traceback into the log."""
    return page(request, 503 if is_away(sys.exc_info()[1]) else 500)


def is_away(error):
    """Whether an exception says that the database cannot be used just now, rather than that a query is wrong."""
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    sqlite = getattr(error.__cause__, "sqlite_errorname", None)
    return sqlite is None or sqlite.startswith(SQLITE_AWAY)


def dressed(get_response):
    """Give a page of ours to error answers that come without one: `HttpResponse(status=429)` is enough for a view."""

    def middleware(request):
        response = get_response(request)
        if response.status_code in WORDS and not response.streaming and not response.content:
            _put_on(response, page(request, response.status_code))
        return response

    return middleware


def page(request, status, words=None):
    """The error page of a status, as HTML or JSON, in the reader's language."""
    with translation.override(_language(request)):
        title, advice = words or WORDS[status]
        number = "" if status in WITHOUT_NUMBER else request_ids.current()
        if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
            response = _as_json(status, title, number)
        else:
            response = _as_page(request, status, title, advice, number)
        response["Content-Language"] = translation.get_language()
    patch_vary_headers(response, ["Accept", "Accept-Language"])
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _as_json(status, title, number):
    facts = {"error": str(title)}
    return JsonResponse(facts | {"request_id": number} if number else facts, status=status)


def _as_page(request, status, title, advice, number):
    is_staffs = request.path_info.startswith(reverse("admin:index"))
    facts = {
        "title": title,
        "advice": advice,
        "number": number,
        "way_out": reverse("admin:index" if is_staffs else "portal:home"),
        "way_out_label": _("To the start page") if is_staffs else _("To the portal"),
    }
    return HttpResponse(render_to_string("portal/error.html", facts), status=status)


def _put_on(bare, dress):
    """Give a bare answer the content of a page; its own headers stay, such as Allow and Retry-After."""
    bare.content = dress.content
    bare["Content-Type"] = dress["Content-Type"]
    patch_vary_headers(bare, ["Accept", "Accept-Language"])
    for name, value in dress.items():
        bare.headers.setdefault(name, value)


def _language(request):
    """The language that a view was answered in, which is its reader's; before that the browser's."""
    return getattr(request, "LANGUAGE_CODE", None) or get_language_from_request(request)
