"""The two answers to a request to approve hours; each says which version of the hours it is about."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, Submit
from django import forms
from django.utils.translation import gettext_lazy as _

from billing.approvals import LONGEST_REASON

LARGEST_VERSION = 2**31 - 1


class ApproveForm(forms.Form):
    ANSWER = "approved"
    BUTTON = _("Approve these hours")

    answer = forms.CharField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=LARGEST_VERSION)

    def __init__(self, data=None, *, version=None):
        super().__init__(data, initial={"answer": self.ANSWER, "version": version}, auto_id=f"{self.ANSWER}_%s")
        self.helper = FormHelper()
        self.helper.layout = Layout(*self.fields, Submit("", self.BUTTON))

    @property
    def is_broken(self):
        """Whether it was not sent by the page's own form."""
        return "version" in self.errors


class RejectForm(ApproveForm):
    ANSWER = "rejected"
    BUTTON = _("Reject these hours")

    reason = forms.CharField(
        label=_("Why do you reject them?"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The team reads it, and so does everybody of yours who uses this portal."),
        error_messages={"required": _("Say what is wrong with these hours, so that the team can put it right.")},
    )


FORMS = {form.ANSWER: form for form in (ApproveForm, RejectForm)}
