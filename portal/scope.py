"""The only door to a client's rows: who looks (Viewer), what they may see (Scope), and the mark of every page."""

import re
from dataclasses import dataclass
from functools import partial, wraps
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
from portal import golden, wall

LARGEST_ID = 2**63 - 1
READING = frozenset({"GET", "HEAD", "OPTIONS"})


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
            projects=_shown(Project.objects.for_client(client).visible()),
            tasks=_shown(Task.objects.for_client(client).visible()),
            entries=_shown(TimeEntry.objects.for_client(client).visible().finished(), "project", "task", "user"),
            comments=_shown(Comment.objects.for_client(client).visible(), "author", "task"),
            invoices=_shown(Invoice.objects.for_client(client).visible()),
            payments=_shown(Payment.objects.for_client(client).completed()),
            credit_notes=_shown(CreditNote.objects.for_client(client)),
            quotes=_shown(Quote.objects.for_client(client).visible()),
        )


def _shown(rows, *joined):
    """Rows with only the columns that the golden list lets the portal read, and the named rows they point to."""
    fields = golden.shown_fields(rows.model, *joined)
    return (rows.select_related(*joined) if joined else rows).only(*fields)


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

    return _guarded(view, _behind_the_wall)


def own_account_view(view):
    """Open a page about the viewer's own account (devices, password) to viewers, as `view(request, viewer, **parts)`.

    It gets no Scope and runs before the wall, because sessions and passwords lie beyond it: such a view calls functions
    of `accounts` on the viewer's account and on nothing else.
    """
    return _guarded(view, _before_the_wall)


def route(pattern, view, name):
    """A `path()` for a portal page; a view that is not marked with who may open it is refused at import."""
    if not hasattr(view, "opens_to"):
        raise TypeError(f"{view.__module__}.{view.__name__} does not say who may open it; decorate it @portal_view.")
    return path(pattern, view, name=name)


def _guarded(view, call):
    @wraps(view)
    def guarded(request, **parts):
        account = signin.current_account(request) or signin.shut_out(request)
        response = _to_sign_in(request) if account is None else _answer(request, account, partial(call, view), parts)
        response["Cache-Control"] = "private, no-store"
        patch_vary_headers(response, ["Cookie"])
        return response

    guarded.opens_to = "viewers"
    return guarded


def _answer(request, account, call, parts):
    reason = why_not(account)
    if reason is not None:
        return render(request, "portal/no_access.html", {"account": account, "reason": reason}, status=403)
    request.viewer = viewer = Viewer.of(account)
    with translation.override(regions.language_of(viewer.locale)), timezone.override(viewer.zone):
        return call(request, viewer, parts)


def _behind_the_wall(view, request, viewer, parts):
    with wall.standing(viewer, writes=request.method not in READING):
        return view(request, Scope.of(viewer), **parts)


def _before_the_wall(view, request, viewer, parts):
    return view(request, viewer, **parts)


def _to_sign_in(request):
    query = QueryDict(mutable=True)
    query["next"] = request.get_full_path() if request.method == "GET" else reverse("portal:home")
    return HttpResponseRedirect(f"{reverse('accounts:login')}?{query.urlencode(safe='/')}")
