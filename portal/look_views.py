"""The logo and the colours of a client's portal, as files of their own; nobody else's are found."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from accounts import logos
from portal.scope import portal_view


@require_GET
@portal_view
def logo(request, scope, logo_digest):
    """The client's logo, by what its picture is."""
    found = scope.logos.filter(digest=logo_digest).first()
    if found is None:
        raise Http404
    return HttpResponse(bytes(found.image), content_type=logos.CONTENT_TYPE)


@require_GET
@portal_view
def colours(request, scope, colours_digest):
    """The client's accents as a stylesheet, by what they are."""
    found = request.look.accents
    if found is None or found.digest != colours_digest:
        raise Http404
    return HttpResponse(found.css, content_type="text/css; charset=utf-8")
