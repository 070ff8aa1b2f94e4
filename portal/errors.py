"""The site's own error pages: they say what happened and what to do, and nothing of the framework."""

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _


def _page(status, title, advice):
    return HttpResponse(
        render_to_string("portal/error.html", {"title": title, "advice": advice, "status": status}), status=status
    )


def bad_request(request, exception=None):
    return _page(400, _("This request could not be read"), _("Go back, reload the page and try again."))


def permission_denied(request, exception=None):
    return _page(403, _("You may not open this page"), _("Ask the agency if you think that you should."))


def not_found(request, exception=None):
    """The same bytes for what is missing and for what is another client's."""
    return _page(404, _("Nothing here"), _("The page does not exist or is not part of your portal."))


def csrf_failure(request, reason=""):
    return _page(
        403,
        _("This form is too old"),
        _("Nothing was changed. Go back, reload the page and send the form again; cookies must be allowed."),
    )


def server_error(request):
    return _page(500, _("Something went wrong on our side"), _("Nothing was changed. Please try again in a moment."))
