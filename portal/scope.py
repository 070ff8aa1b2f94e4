"""The only door to a client's rows: who looks (Viewer), what they may see (Scope), and the mark of every page."""

import re
from dataclasses import dataclass
from functools import wraps
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from accounts import regions, signin
from accounts.access import client_of, why_not
from accounts.models import Client, User
from billing.models import Comment, CreditNote, Invoice, Payment, Project, Quote, Task, TimeEntry

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Viewer:
    """A client looking at its portal: one of its people, or, without a user, the company login."""

    client: Client
    user: User | None

    @classmethod
    def of(cls, account):
        """The viewer that an account with portal access is."""
        return cls(client=client_of(account), user=account if isinstance(account, User) else None)

    @property
    def name(self):
        return self.user.display_name if self.user else self.client.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of every date and time shown: the user's, else the client's, else the site's."""
        return regions.first_zone(self.user.timezone if self.user else "", self.client.timezone)

    @property
    def locale(self):
        """The tag that numbers, money and dates are written by: the user's, else the client's, else the site's."""
        return regions.first_locale(self.user.locale if self.user else "", self.client.locale)

    def today(self, now):
        """The local date of an instant."""
        return now.astimezone(self.zone).date()


@dataclass(frozen=True)
class Scope:
    """What one viewer may see: QuerySets already narrowed to its client and to what is visible of each thing."""

    viewer: Viewer
    projects: QuerySet[Project]
    tasks: QuerySet[Task]
    entries: QuerySet[TimeEntry]
    comments: QuerySet[Comment]
    invoices: QuerySet[Invoice]
    payments: QuerySet[Payment]
    credit_notes: QuerySet[CreditNote]
    quotes: QuerySet[Quote]

    @classmethod
    def of(cls, viewer):
        client = viewer.client
        return cls(
            viewer=viewer,
            projects=Project.objects.for_client(client).visible(),
            tasks=Task.objects.for_client(client).visible(),
            entries=TimeEntry.objects.for_client(client).visible().finished(),
            comments=Comment.objects.for_client(client).visible(),
            invoices=Invoice.objects.for_client(client).visible(),
            payments=Payment.objects.for_client(client).completed(),
            credit_notes=CreditNote.objects.for_client(client),
            quotes=Quote.objects.for_client(client).visible(),
        )


def find(rows, text):
    """The one of `rows` whose id `text` spells in ASCII digits; Http404 for anything else, foreign or missing alike."""
    if not re.fullmatch(r"[0-9]{1,19}", str(text)) or int(text) > LARGEST_ID:
        raise Http404
    row = rows.filter(pk=int(text)).first()
    if row is None:
        raise Http404
    return row


def portal_view(view):
    """Open a page to viewers only, as `view(request, scope, **parts of the path)`.

    Not signed in: to the sign-in page and back afterwards. Signed in without access: 403 and why. The view runs in the
    viewer's language and time zone, and nothing of its answer may be kept by a cache.
    """

    @wraps(view)
    def guarded(request, **parts):
        account = signin.current_account(request)
        response = _to_sign_in(request) if account is None else _answer(view, request, account, parts)
        response["Cache-Control"] = "private, no-store"
        patch_vary_headers(response, ["Cookie"])
        return response

    guarded.opens_to = "viewers"
    return guarded


def route(pattern, view, name):
    """A `path()` for a portal page; a view that is not marked with who may open it is refused at import."""
    if not hasattr(view, "opens_to"):
        raise TypeError(f"{view.__module__}.{view.__name__} does not say who may open it; decorate it @portal_view.")
    return path(pattern, view, name=name)


def _answer(view, request, account, parts):
    reason = why_not(account)
    if reason is not None:
        return render(request, "portal/no_access.html", {"account": account, "reason": reason}, status=403)
    request.viewer = viewer = Viewer.of(account)
    with translation.override(regions.language_of(viewer.locale)), timezone.override(viewer.zone):
        return view(request, Scope.of(viewer), **parts)


def _to_sign_in(request):
    query = QueryDict(mutable=True)
    query["next"] = request.get_full_path() if request.method == "GET" else reverse("portal:home")
    return HttpResponseRedirect(f"{reverse('accounts:login')}?{query.urlencode(safe='/')}")
