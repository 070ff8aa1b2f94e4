"""Addresses of the portal have no trailing slash."""

from django.http import HttpResponsePermanentRedirect
from django.urls import Resolver404, resolve


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
