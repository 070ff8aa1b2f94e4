"""What is noted of each answer: a line in the log, without what its address may keep secret, and figures."""

import logging
from contextlib import contextmanager
from time import perf_counter

from django.conf import settings
from django.utils.encoding import iri_to_uri

from accounts.measures import ANSWER_SECONDS, REQUESTS

# Asked every few seconds by machines, or so many to a page: they are counted and not told one by one.
UNTOLD = {"alive", "able", "metrics", "static"}
LONGEST_PATH = 200
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

log = logging.getLogger(__name__)


def noted(get_response):
    """Middleware: count and time each answer. A file that is made while it is sent is noted when it begins."""

    def middleware(request):
        began = perf_counter()
        response = get_response(request)
        seconds = perf_counter() - began
        route = route_of(request)
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(route or "none", method, response.status_code).inc()
        ANSWER_SECONDS.labels(route or "none").observe(seconds)
        if route not in UNTOLD or response.status_code >= 400:
            _tell(request, response, route, seconds)
        return response

    return middleware


@contextmanager
def in_silence():
    """Tell of no answer meanwhile, where lines would bury what a person reads on the same screen."""
    before = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(before)


def route_of(request):
    """The name of the address as the URL conf has it; None where nothing looked it up there, or it is not there."""
    if request.path_info.startswith(settings.STATIC_URL):
        return "static"
    return request.resolver_match.view_name if request.resolver_match else None


def _tell(request, response, route, seconds):
    facts = {
        "method": request.method,
        "route": route or iri_to_uri(request.path)[:LONGEST_PATH],
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
    }
    if not response.streaming:
        facts["bytes"] = len(response.content)
    log.info("%(method)s %(route)s %(status)s in %(milliseconds)s ms", facts, extra=facts)
