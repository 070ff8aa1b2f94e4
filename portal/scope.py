"""The only door to a client's rows: who looks (Viewer), what they may see (Scope), and the mark of every page."""

import re
from dataclasses import dataclass
from functools import cached_property, partial, wraps
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from structlog.contextvars import bind_contextvars

from accounts import languages, looking, regions, signin
from accounts.access import client_of, why_not
from accounts.models import Client, ClientLogo, Event, User
from billing.models import (
    Comment,
    CreditNote,
    Invoice,
    InvoiceItem,
    InvoiceTotal,
    Payment,
    Project,
    ProjectTotal,
    Quote,
    QuoteItem,
    Task,
    TimeApproval,
    TimeApprovalEntry,
    TimeEntry,
)
from portal import exports, feed, golden, looks, notices, wall

LARGEST_ID = 2**63 - 1
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# What a page asks for by itself says so in this header: it keeps no session from growing idle.
BY_ITSELF = "X-Asked-By"


@dataclass(frozen=True)
class Viewer:
    """A client looking at its portal: one of its people, or, without a user, the company login.

    `shown_to` is the member of staff who looks at it as the client does, and may do nothing; `browser` is the language
    that the browser asks for, for who has chosen none.
    """

    client: Client
    user: User | None
    shown_to: User | None = None
    browser: str = ""

    @classmethod
    def of(cls, account, browser=""):
        """The viewer that an account with portal access is."""
        return cls(client=client_of(account), user=account if isinstance(account, User) else None, browser=browser)

    @property
    def name(self):
        return self.user.display_name if self.user else self.client.name

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of every date and time shown: the user's, else the client's, else the site's."""
        return regions.first_zone(self.user.timezone if self.user else "", self.client.timezone)

    @cached_property
    def locale(self):
        """The tag that everything is written by: the user's, else the client's, the browser's language, the site's."""
        own = self.user.locale if self.user else ""
        return regions.first_locale(own, self.client.locale, otherwise=self.browser)

    def today(self, now):
        """The local date of an instant."""
        return now.astimezone(self.zone).date()


@dataclass(frozen=True)
class Scope:
    """What one viewer may see: QuerySets already narrowed to its client and to what is visible of each thing."""

    viewer: Viewer

    @classmethod
    def of(cls, viewer):
        return cls(viewer)

    @property
    def _client(self):
        return self.viewer.client

    @cached_property
    def projects(self) -> QuerySet[Project]:
        return _shown(Project.objects.for_client(self._client).visible())

    @cached_property
    def tasks(self) -> QuerySet[Task]:
        return _shown(Task.objects.for_client(self._client).visible())

    @cached_property
    def entries(self) -> QuerySet[TimeEntry]:
        return _shown(self._work.finished(), "project", "task", "user")

    @cached_property
    def timers(self) -> QuerySet[TimeEntry]:
        running = self._work.running() if self._client.show_running_timers else self._work.none()
        return _shown(running, "project", "task", "user")

    @property
    def _work(self):
        return TimeEntry.objects.for_client(self._client).visible()

    @cached_property
    def project_totals(self) -> QuerySet[ProjectTotal]:
        return _shown(ProjectTotal.objects.for_client(self._client).visible())

    @cached_property
    def comments(self) -> QuerySet[Comment]:
        return _shown(Comment.objects.for_client(self._client).visible(), "author", "task")

    @cached_property
    def invoices(self) -> QuerySet[Invoice]:
        return _shown(Invoice.objects.for_client(self._client).visible())

    @cached_property
    def invoice_lines(self) -> QuerySet[InvoiceItem]:
        return _shown(InvoiceItem.objects.for_client(self._client).visible())

    @cached_property
    def invoice_totals(self) -> QuerySet[InvoiceTotal]:
        return _shown(InvoiceTotal.objects.for_client(self._client))

    @cached_property
    def payments(self) -> QuerySet[Payment]:
        return _shown(Payment.objects.for_client(self._client).completed())

    @cached_property
    def credit_notes(self) -> QuerySet[CreditNote]:
        return _shown(CreditNote.objects.for_client(self._client))

    @cached_property
    def quotes(self) -> QuerySet[Quote]:
        return _shown(Quote.objects.for_client(self._client).visible())

    @cached_property
    def quote_lines(self) -> QuerySet[QuoteItem]:
        return _shown(QuoteItem.objects.for_client(self._client).visible())

    @cached_property
    def approvals(self) -> QuerySet[TimeApproval]:
        rows = TimeApproval.objects.for_client(self._client).visible()
        return _shown(rows, "project", "requested_by", "answered_by")

    @cached_property
    def approval_lines(self) -> QuerySet[TimeApprovalEntry]:
        return _shown(TimeApprovalEntry.objects.for_client(self._client).visible(), "user")

    @cached_property
    def journal(self) -> QuerySet[Event]:
        return _shown(Event.objects.for_client(self._client), "actor")

    @cached_property
    def logos(self) -> QuerySet[ClientLogo]:
        return _shown(ClientLogo.objects.for_client(self._client))

    @property
    def events(self):
        """The feed: those events of the journal whose thing may still be seen."""
        things = (self.projects, self.entries, self.comments, self.invoices, self.quotes, self.approvals)
        return feed.shown(self.journal, things)

    @property
    def notices(self):
        """Those of the feed that ask for attention, which tell of documents and approvals alone."""
        return feed.shown(self.journal.notified(), (self.invoices, self.quotes, self.approvals))


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


def portal_json_view(view):
    """`portal_view` for what scripts ask for: 401 or 403 with `{"error": ...}` in place of pages."""
    return _guarded(view, _behind_the_wall, to_sign_in=_unknown, no_access=_refused, only_looking=_only_looking_json)


def portal_file_view(view):
    """`portal_view` for what becomes a file: the view returns an `exports.Export`, or an answer that refuses."""
    return _guarded(view, _as_a_file)


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


def _guarded(view, call, *, to_sign_in=None, no_access=None, only_looking=None):
    @wraps(view)
    def guarded(request, **parts):
        account = signin.current_account(request) or signin.shut_out(request)
        if BY_ITSELF in request.headers:
            request.session.modified = False
        looked_at = looking.looked_at(request.user, request.session)
        reason = None if account is None else why_not(account)
        browser = translation.get_language_from_request(request)
        if looked_at is not None:
            viewer = Viewer(client=looked_at, user=None, shown_to=request.user, browser=browser)
            refuse = request.method not in READING or call is _before_the_wall
            response = (
                _leave_alone(request, viewer, only_looking or _only_looking)
                if refuse
                else _answer(request, viewer, partial(call, view), parts)
            )
        elif account is None:
            response = (to_sign_in or _to_sign_in)(request)
        elif reason is not None:
            with languages.spoken(request, *languages.locales_of(account)):
                response = (no_access or _no_access)(request, account, reason)
        else:
            response = _answer(request, Viewer.of(account, browser), partial(call, view), parts)
        response["Cache-Control"] = "private, no-store"
        patch_vary_headers(response, ["Cookie"])
        return response

    guarded.opens_to = "viewers"
    return guarded


def _leave_alone(request, viewer, only_looking):
    """The answer to staff that look at the portal as the client does, and have no way to do anything."""
    request.viewer = viewer
    bind_contextvars(client_id=viewer.client.pk)
    with languages.spoken(request, *languages.locales_of(viewer.shown_to)):
        return only_looking(request)


def _answer(request, viewer, call, parts):
    request.viewer, request.look = viewer, looks.of(viewer)
    bind_contextvars(client_id=viewer.client.pk)
    with languages.spoken(request, viewer.locale), timezone.override(viewer.zone):
        return call(request, viewer, parts)


def _behind_the_wall(view, request, viewer, parts):
    with wall.standing(viewer, writes=request.method not in READING):
        scope = Scope.of(viewer)
        # Before any row: a page never says that it is newer than it is.
        request.glance = notices.at_a_glance(scope)
        return view(request, scope, **parts)


def _as_a_file(view, request, viewer, parts):
    answer = _behind_the_wall(view, request, viewer, parts)
    if not isinstance(answer, exports.Export):
        return answer
    return exports.hand_out(answer, request, viewer, scope_of=Scope.of)


def _before_the_wall(view, request, viewer, parts):
    with wall.standing(viewer, writes=False):
        request.glance = notices.at_a_glance(Scope.of(viewer))
    return view(request, viewer, **parts)


def _no_access(request, account, reason):
    return render(request, "portal/no_access.html", {"account": account, "reason": reason}, status=403)


def _refused(request, account, reason):
    return JsonResponse({"error": str(reason)}, status=403)


def _only_looking(request):
    return render(request, "portal/only_looking.html", status=403)


def _only_looking_json(request):
    return JsonResponse(
        {"error": gettext("You only look at this portal; nothing can be changed from here.")}, status=403
    )


def _unknown(request):
    return JsonResponse({"error": gettext("Please sign in.")}, status=401)


def _to_sign_in(request):
    query = QueryDict(mutable=True)
    query["next"] = request.get_full_path() if request.method == "GET" else reverse("portal:home")
    return HttpResponseRedirect(f"{reverse('accounts:login')}?{query.urlencode(safe='/')}")
