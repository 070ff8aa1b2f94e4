"""Addresses of the whole site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal import health, metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="portal:home"), name="start"),
    path("", include("accounts.urls")),
    path("", include("portal.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.able, name="able"),
    path("metrics", metrics.metrics, name="metrics"),
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.permission_denied"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
