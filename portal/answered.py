"""What is noted of each request that was answered: a line in the log, without what its address may keep secret."""

import logging
from time import perf_counter

from django.utils.encoding import iri_to_uri

# Asked every few seconds by machines, or so many to a page: they are counted and not told one by one.
UNTOLD = {"alive", "able"}
LONGEST_PATH = 200

log = logging.getLogger(__name__)


def noted(get_response):
    """Middleware: note each answer. A file that is made while it is sent is noted when it begins."""

    def middleware(request):
        began = perf_counter()
        response = get_response(request)
        seconds = perf_counter() - began
        route = route_of(request)
        if route not in UNTOLD and not request.path_info.startswith("/static/"):
            _tell(request, response, route, seconds)
        return response

    return middleware


def route_of(request):
    """The name of the address as the URL conf has it; None where nothing looked it up there, or it is not there."""
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
