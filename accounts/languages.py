"""In which language a request is answered: what its reader chose, else their client, else the browser."""

from contextlib import contextmanager

from django.utils import translation

from accounts import regions
from accounts.access import client_of

# Where the staff's pages are (timetracker/urls.py).
STAFFS = "/admin/"


def locales_of(account):
    """The locales that a User or Client chose, the nearest first; empty where nobody did."""
    client = client_of(account)
    return account.locale, client.locale if client else ""


@contextmanager
def spoken(request, *locales):
    """Speak the language of the first of these that is a locale, and for none of them the browser's on."""
    locale = next((one for one in locales if one in regions.LOCALES), None)
    if locale is None:
        yield
        return
    request.LANGUAGE_CODE = regions.language_of(locale)
    with translation.override(request.LANGUAGE_CODE):
        yield


def of_the_reader(get_response):
    """Middleware: staff's pages speak the language of who is signed in, and every answer says which was spoken.

    Other pages know their reader later, and error pages perhaps never: there is no database to ask then.
    """

    def middleware(request):
        with spoken(request, *_own(request)):
            response = get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response

    return middleware


def _own(request):
    is_staffs = request.path_info.startswith(STAFFS)
    return locales_of(request.user) if is_staffs and request.user.is_authenticated else ()
