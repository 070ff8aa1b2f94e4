"""What is settled of a request before any page sees it: its encoding, and its address without a trailing slash."""

from django.core.exceptions import BadRequest
from django.http import HttpResponsePermanentRedirect
from django.urls import Resolver404, resolve

ENCODINGS = {"utf-8", "utf8", "us-ascii", "ascii"}


def in_utf8(get_response):
    """Refuse a body that says it is in another encoding than our forms; Python knows some that are none."""

    def middleware(request):
        charset = request.content_params.get("charset", "utf-8")
        if charset.strip("\"'").lower() not in ENCODINGS:
            raise BadRequest("A body in an encoding other than UTF-8")
        return get_response(request)

    return middleware


def without_trailing_slash(get_response):
    """Send `/client-portal/projects/` to `/client-portal/projects`, if there is such a page."""

    def middleware(request):
        bare = request.path_info.rstrip("/")
        if request.path_info != bare and bare.startswith("/client-portal") and _is_page(bare):
            query = request.META.get("QUERY_STRING", "")
            return HttpResponsePermanentRedirect(f"{bare}?{query}" if query else bare)
        return get_response(request)

    return middleware


def _is_page(path):
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
