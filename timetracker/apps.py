"""The admin of this site: Django's, with a door of our own."""

from django.contrib.admin.apps import AdminConfig


class StaffSiteConfig(AdminConfig):
    default_site = "accounts.staff_site.StaffSite"
