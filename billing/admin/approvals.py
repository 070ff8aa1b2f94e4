"""The staff's side of approvals: the page of requests, and the ways to ask, from a project and from time entries."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from accounts.staff_choices import TypedFilter, YesNoFilter
from accounts.staff_pages import StaffPage, agency_today, deed
from billing import approvals
from billing.admin.columns import hours_text
from billing.admin.documents import YEARS
from billing.formats import hours_of
from billing.models import Project, TimeApproval, TimeEntry


class AnswerForm(forms.ModelForm):
    """What the client told staff; it is about the hours as the page showed them."""

    answer = forms.ChoiceField(
        label=gettext_lazy("The client"),
        choices=[("approved", gettext_lazy("approves these hours")), ("rejected", gettext_lazy("rejects these hours"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=approvals.LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Needed for a rejection. The client can read it."),
    )
    shown_version = forms.CharField(label=gettext_lazy("version"), widget=forms.HiddenInput)

    class Meta:
        model = TimeApproval
        fields = ["reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["shown_version"] = self.instance.version

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("answer") == "rejected" and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Say why the hours are rejected."))
        return cleaned


class LeftRejectedFilter(YesNoFilter):
    title = _("rejected and not asked about again")
    parameter_name = "left"

    def narrow(self, rows, yes):
        left = TimeApproval.objects.left_rejected().values("pk")
        return rows.filter(pk__in=left) if yes else rows.exclude(pk__in=left)


@admin.register(TimeApproval)
class TimeApprovalPage(StaffPage):
    """Requests are made elsewhere; here they are looked at, answered for the client, and withdrawn."""

    list_display = ("project_of_client", "period", "hours", "state", "requested_at", "requested_by", "answered_by")
    list_filter = ("status", LeftRejectedFilter, ("client", TypedFilter), ("project", TypedFilter), "requested_at")
    list_select_related = ("project", "client", "requested_by", "answered_by")
    search_fields = ("project__name", "client__name", "reason")
    ordering = ("-requested_at", "-pk")
    actions = []
    deeds = ("withdraw",)
    asked = ("project", "client", "period", "hours", "state", "requested_by", "requested_at", "renews")
    answered = ("answered_by", "answered_for_client", "answered_at", "reason")

    def get_queryset(self, request):
        return super().get_queryset(request).with_seconds()

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.is_waiting)

    def get_form(self, request, obj=None, **kwargs):
        if self.has_change_permission(request, obj):
            kwargs["form"] = AnswerForm
        return super().get_form(request, obj, **kwargs)

    def get_fieldsets(self, request, obj=None):
        if obj.is_waiting:
            answer = [(_("Answer for the client"), {"fields": ("answer", "reason", "shown_version")})]
            answer = answer if self.has_change_permission(request, obj) else []
        else:
            answer = [(_("Answer"), {"fields": self.answered})]
        return [(None, {"fields": self.asked}), *answer, (_("What was asked about"), {"fields": ("content",)})]

    def get_readonly_fields(self, request, obj=None):
        return (*self.asked, *(() if obj.is_waiting else self.answered), "content")

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """An answer that comes too late, or to hours that changed, is told so and leads back to the request."""
        if request.method == "POST" and object_id and self.has_change_permission(request):
            approval = self.get_object(request, unquote(object_id))
            refusal = approval and _too_late(approval, request.POST.get("shown_version"))
            if refusal:
                self.message_user(request, refusal, messages.ERROR)
                return HttpResponseRedirect(self.url_of("change", approval.pk))
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request, obj, form, change):
        stored = TimeApproval.objects.get(pk=obj.pk)
        how = {"by": request.user, "now": now(), "version": int(form.cleaned_data["shown_version"]), "for_client": True}
        if form.cleaned_data["answer"] == "approved":
            approvals.approve(stored, **how)
        else:
            approvals.reject(stored, reason=form.cleaned_data["reason"], **how)

    def links(self, request, row):
        return [(_("Project"), reverse("admin:billing_project_change", args=[row.project_id]))]

    @deed(
        gettext_lazy("Withdraw"),
        done=gettext_lazy("Withdrawn: %(rows)s."),
        asks=gettext_lazy("The client cannot answer it any more, and still sees that it was asked."),
        when=lambda approval: approval.is_waiting,
    )
    def withdraw(self, request, approval):
        approvals.withdraw(approval, by=request.user, now=now())

    @admin.display(description=gettext_lazy("project"), ordering="project__name")
    def project_of_client(self, approval):
        return format_html('{}<br><span class="quiet">{}</span>', approval.project, approval.client)

    @admin.display(description=gettext_lazy("days"), ordering="period_start")
    def period(self, approval):
        return f"{approval.period_start} – {approval.period_end}"

    @admin.display(description=gettext_lazy("hours"), ordering="seconds")
    def hours(self, approval):
        return hours_text(approval.seconds)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, approval):
        look = {"requested": "badge", "rejected": "badge badge-warn"}.get(approval.status, "badge badge-off")
        return format_html('<span class="{}">{}</span>', look, approval.get_status_display())

    @admin.display(description=gettext_lazy("time entries"))
    def content(self, approval):
        lines = approval.lines.select_related("user").in_order()
        return render_to_string("admin/billing/timeapproval/lines.html", {"lines": lines})


class PeriodForm(forms.Form):
    date_from = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    date_to = forms.DateField(
        label=gettext_lazy("To"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Both days count, in the client's time zone."),
    )

    def clean(self):
        cleaned = super().clean()
        first, last = cleaned.get("date_from"), cleaned.get("date_to")
        for name, day in (("date_from", first), ("date_to", last)):
            if day and day.year not in YEARS:
                words = _("Give a date between %(first)s and %(last)s.")
                self.add_error(name, words % {"first": YEARS[0], "last": YEARS[-1]})
        if first and last and last < first:
            self.add_error("date_to", _("The last day lies before the first."))
        return cleaned


class AskForPeriod:
    """For the page of projects: a form that asks the client to approve the time of a period."""

    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/ask/", wrap(self.ask_view), name="billing_project_ask"),
            *super().get_urls(),
        ]

    def ask_links(self, request, project):
        """The link to the form, for projects that their client sees."""
        if project.status == Project.Status.ARCHIVED or not may_ask(request):
            return []
        return [(_("Ask for approval"), self.url_of("ask", project.pk))]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def ask_view(self, request, object_id):
        if not may_ask(request):
            raise PermissionDenied
        project = self.get_object(request, unquote(object_id))
        if project is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        today = agency_today()
        form = PeriodForm(request.POST or None, initial={"date_from": today.replace(day=1), "date_to": today})
        if request.method == "POST" and form.is_valid():
            days = {"period_start": form.cleaned_data["date_from"], "period_end": form.cleaned_data["date_to"]}
            try:
                asked = approvals.ask(project, by=request.user, now=now(), **days)
            except approvals.ApprovalRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                told(self, request, [asked])
                return HttpResponseRedirect(reverse("admin:billing_timeapproval_change", args=[asked.approval.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "project": project,
            "form": form,
            "title": _("Ask %(client)s to approve hours") % {"client": project.client},
        }
        return render(request, "admin/billing/project/ask_form.html", context)


class AskForEntries:
    """For the page of time entries: one, or the chosen ones together, are asked about."""

    def may_do(self, request, name):
        return may_ask(request) if name == "ask_for_approval" else super().may_do(request, name)

    def get_actions(self, request):
        actions = super().get_actions(request)
        if "ask_for_approval" in actions:
            label = _("Ask the client to approve selected time entries")
            actions["ask_for_approval"] = (_ask_for_chosen, "ask_for_approval", label)
        return actions

    @deed(
        gettext_lazy("Ask for approval"),
        done=gettext_lazy("Asked for approval: %(rows)s."),
        asks=gettext_lazy("The client is asked to approve this entry."),
        when=lambda entry: entry.end_time is not None,
    )
    def ask_for_approval(self, request, entry):
        approvals.ask_for_entries(TimeEntry.objects.filter(pk=entry.pk), by=request.user, now=now())


def may_ask(request):
    return request.user.has_perm("billing.add_timeapproval")


def told(page, request, asked):
    """Say what was asked, and put it into the history of each request."""
    for one in asked:
        page.log_addition(request, one.approval, [{"added": {}}])
        count, seconds = one.approval.lines.count(), sum(one.approval.lines.values_list("duration_seconds", flat=True))
        words = ngettext(
            "Asked for approval of %(count)s entry of %(project)s, %(hours)s h.",
            "Asked for approval of %(count)s entries of %(project)s, %(hours)s h.",
            count,
        )
        text = words % {"count": count, "project": one.approval.project, "hours": hours_of(seconds)}
        if one.left_out:
            text += " " + _("Left out, because they wait or are approved already: %(n)s.") % {"n": one.left_out}
        page.message_user(request, text, messages.SUCCESS)


def _ask_for_chosen(page, request, queryset):
    told(page, request, approvals.ask_for_entries(queryset, by=request.user, now=now()))


def _too_late(approval, shown_version):
    if not approval.is_waiting:
        return _("This request was answered or withdrawn meanwhile; nothing was changed.")
    if shown_version is not None and shown_version != str(approval.version):
        return _("The hours changed since this page was opened. Please look at them again.")
    return None
