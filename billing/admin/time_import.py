"""Bringing time from other trackers in through the admin: upload, preview, confirm."""

from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.timezone import get_default_timezone_name, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import patience, regions
from accounts.models import Client
from billing import imports
from billing.formats import hours_of
from billing.imports import waiting
from billing.models import Project

SESSION_KEY = "time_imports"
MOST_WAITING = 5
FORMATS = [("auto", gettext_lazy("As its first line says"))] + [
    (name, layout.label) for name, layout in imports.LAYOUTS.items()
]
DATES = [
    ("auto", gettext_lazy("As the file shows")),
    ("ymd", gettext_lazy("Year first: 2024-12-31")),
    ("dmy", gettext_lazy("Day first: 31/12/2024")),
    ("mdy", gettext_lazy("Month first: 12/31/2024")),
]
DECIMALS = [
    ("auto", gettext_lazy("As the file shows")),
    ("point", gettext_lazy("Point: 1.5")),
    ("comma", gettext_lazy("Comma: 1,5")),
]


class UploadForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("File"), help_text=gettext_lazy("The detailed export, as CSV."))
    client = forms.ModelChoiceField(
        Client.objects.all(),
        label=gettext_lazy("Client"),
        required=False,
        help_text=gettext_lazy("Of the rows that name none."),
    )
    project = forms.CharField(
        label=gettext_lazy("Project"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Of the rows that name none."),
    )
    timezone = forms.ChoiceField(label=gettext_lazy("Time zone of the file"), choices=regions.zone_choices)
    format_name = forms.ChoiceField(label=gettext_lazy("Tracker"), choices=FORMATS)
    dates = forms.ChoiceField(label=gettext_lazy("Dates"), choices=DATES)
    decimal = forms.ChoiceField(label=gettext_lazy("Decimal sign"), choices=DECIMALS)
    skip_bad = forms.BooleanField(label=gettext_lazy("Leave out bad rows and import the others"), required=False)

    def __init__(self, *args, admin_site, **kwargs):
        super().__init__(*args, **kwargs)
        # Any field that refers to a client opens the admin's list of clients; this one is a project's.
        self.fields["client"].widget = AutocompleteSelect(Project._meta.get_field("client"), admin_site)
        self.fields["client"].widget.choices = self.fields["client"].choices

    def options(self):
        """The cleaned choices as the session can keep them."""
        cleaned = self.cleaned_data
        names = ("project", "timezone", "format_name", "dates", "decimal", "skip_bad")
        return {"client": cleaned["client"].name if cleaned["client"] else ""} | {name: cleaned[name] for name in names}


class TimeImportMixin:
    """For the admin of time entries: the pages of the import, and a button to them above the list."""

    change_list_template = "admin/billing/timeentry/change_list.html"

    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("import/", wrap(self.import_view), name="billing_timeentry_import"),
            path("import/confirm/", wrap(self.import_confirm_view), name="billing_timeentry_import_confirm"),
            *super().get_urls(),
        ]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def import_view(self, request):
        """The form; posted, a preview of what the file would bring."""
        _require_permission(request)
        if request.method != "POST":
            initial = {"timezone": request.user.timezone or get_default_timezone_name()}
            return self._page(request, "form", form=UploadForm(initial=initial, admin_site=self.admin_site))
        form = UploadForm(request.POST, request.FILES, admin_site=self.admin_site)
        if form.is_valid():
            try:
                return self._page(request, "preview", **_previewed(request, form))
            except imports.BadRows as error:
                return self._page(request, "preview", report=error.report, refusal=str(error))
            except imports.ImportRefused as error:
                form.add_error(None, str(error))
        return self._page(request, "form", form=form)

    @method_decorator(require_POST)
    def import_confirm_view(self, request):
        """Import the file of a preview, if it still does what the preview said."""
        _require_permission(request)
        token = request.POST.get("token", "")
        pending = request.session.get(SESSION_KEY, {}).get(token)
        upload_page = HttpResponseRedirect(reverse("admin:billing_timeentry_import"))
        if pending is None:
            messages.error(request, _("This preview is not waiting any more; upload the file again."))
            return upload_page
        try:
            with waiting.opened(token) as file:
                report = _run(file, pending["options"], by=request.user, expect=pending["fingerprint"])
        except FileNotFoundError:
            messages.error(request, _("This preview is not waiting any more; upload the file again."))
            return upload_page
        except imports.Changed as error:
            _remember(request.session, token, pending["options"], error.report)
            return self._page(request, "preview", report=error.report, token=token, changed=str(error))
        except imports.ImportRefused as error:
            messages.error(request, str(error))
            return upload_page
        _forget(request.session, token)
        messages.success(request, _summary(report))
        return HttpResponseRedirect(reverse("admin:billing_timeentry_changelist"))

    def _page(self, request, name, **context):
        report = context.get("report")
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": _("Import time from another tracker"),
            "media": context["form"].media if "form" in context else "",
        }
        if report:
            context |= {
                "hours": hours_of(report.seconds),
                "totals": [(total, hours_of(total.seconds)) for total in report.totals],
                "new_names": _new_names(report),
                "may_confirm": "token" in context and report.entries > 0,
            }
        return render(request, f"admin/billing/timeentry/import_{name}.html", context)


def _require_permission(request):
    if not request.user.has_perm("billing.add_timeentry"):
        raise PermissionDenied


def _previewed(request, form):
    """The report of a dry run, with the token of the file that now waits if it brings anything."""
    options = form.options()
    token = waiting.keep(form.cleaned_data["file"].chunks())
    report = None
    try:
        with waiting.opened(token) as file:
            report = _run(file, options, by=request.user, dry_run=True)
    finally:
        if report is None or not report.entries:
            waiting.discard(token)
    if not report.entries:
        return {"report": report}
    _remember(request.session, token, options, report)
    return {"report": report, "token": token}


def _run(file, options, *, by, **how):
    options = dict(options)
    zone = ZoneInfo(options.pop("timezone"))
    # A second import waits for the first one.
    with patience.for_long():
        return imports.run(file, zone=zone, by=by, now=now(), **options, **how)


def _remember(session, token, options, report):
    """Bind a waiting file to this session, with what its preview said; the oldest beyond a few are dropped."""
    pending = session.get(SESSION_KEY, {})
    pending.pop(token, None)
    pending[token] = {"options": options, "fingerprint": report.fingerprint}
    for old in list(pending)[:-MOST_WAITING]:
        del pending[old]
        waiting.discard(old)
    session[SESSION_KEY] = pending


def _forget(session, token):
    session[SESSION_KEY].pop(token)
    session.modified = True
    waiting.discard(token)


def _new_names(report):
    """`(heading, names)` of what the import makes besides time."""
    kinds = (
        (_("New clients"), report.new_clients),
        (_("New projects"), report.new_projects),
        (_("New tasks"), report.new_tasks),
        (_("New people, inactive and without a password"), report.new_people),
    )
    return [(heading, names) for heading, names in kinds if names]


def _summary(report):
    words = ngettext(
        "%(entries)d entry with %(hours)s h was imported.",
        "%(entries)d entries with %(hours)s h were imported.",
        report.entries,
    )
    return words % {"entries": report.entries, "hours": hours_of(report.seconds)}
