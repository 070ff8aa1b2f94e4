"""The look of a client's portal on the staff's page: its fields, its logo, and a sample in both themes."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Script
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import colours, logos
from accounts.models import ClientLogo

FIELDS = ("brand_name", "brand_colour", "brand_welcome", "new_logo", "no_logo", "sample")


class LookForm(forms.ModelForm):
    new_logo = forms.FileField(
        label=_("New logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, drawn anew at 480 × 160 pixels at most. The sample shows it once it is saved."),
    )
    no_logo = forms.BooleanField(label=_("Take the logo away"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "brand_colour" in self.fields:
            self.fields["brand_colour"].widget.attrs |= {"placeholder": "#1d56c4", "autocomplete": "off"}
            self.fields["brand_colour"].help_text = _(
                "# and six digits; empty for the house's blue. It is made darker on light pages and lighter on dark "
                "ones, as far as text in it needs."
            )

    def clean_new_logo(self):
        sent = self.cleaned_data["new_logo"]
        if not sent:
            return None
        try:
            return logos.drawn(sent.read(logos.MOST_SENT_BYTES + 1))
        except logos.LogoRefused as error:
            raise ValidationError(str(error)) from error


class LookPage:
    """The part of the client's page that stores and shows the look."""

    class Media:
        css = {"all": ["accounts/sample.css"]}
        js = [Script("accounts/sample.js", type="module")]

    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("sample-colours.css", wrap(self.sample_colours), name="accounts_client_sample_colours"),
            path("<path:object_id>/logo.webp", wrap(self.logo), name="accounts_client_logo"),
            *super().get_urls(),
        ]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if form.cleaned_data["new_logo"]:
            logos.put(obj, form.cleaned_data["new_logo"])
        elif form.cleaned_data["no_logo"]:
            logos.take_away(obj)

    @admin.display(description=_("sample"))
    def sample(self, client):
        logo = ClientLogo.objects.for_client(client).defer("image").first() if client.pk else None
        facts = {
            "client": client,
            "themes": ("light", "dark"),
            "logo": logo,
            "logo_address": logo and f"{self.url_of('logo', client.pk)}?{logo.digest}",
            "colours": self.url_of("sample_colours"),
            "chosen": urlencode({"colour": client.brand_colour}),
        }
        return render_to_string("admin/accounts/client/sample.html", facts)

    def sample_colours(self, request):
        """The sample's accents for any colour; for what is none, the house's own stay."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        found = colours.accents(request.GET.get("colour", ""))
        css = f".sample {{ {found.tokens} }}\n" if found else ""
        return HttpResponse(css, content_type="text/css; charset=utf-8")

    def logo(self, request, object_id):
        """A client's logo, for who may see the client."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        client = self.get_object(request, object_id)
        found = client and ClientLogo.objects.for_client(client).first()
        if found is None:
            raise Http404
        return HttpResponse(bytes(found.image), content_type=logos.CONTENT_TYPE)
