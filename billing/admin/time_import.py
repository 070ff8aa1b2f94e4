"""Bringing time from other trackers in through the admin: upload, preview, confirm."""

from django.core.exceptions import PermissionDenied
from django.urls import path


class TimeImportMixin:
    """For the admin of time entries: the pages of the import, and a button to them above the list."""

    change_list_template = "admin/billing/timeentry/change_list.html"

    def get_urls(self):
        return [
            path("import/", self.admin_site.admin_view(self.import_view), name="billing_timeentry_import"),
            *super().get_urls(),
        ]

    def import_view(self, request):
        raise PermissionDenied(request.path)
