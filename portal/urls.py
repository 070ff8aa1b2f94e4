"""Pages of the portal, below `/client-portal`, without trailing slashes."""

from portal import device_views, views
from portal.scope import route

app_name = "portal"
urlpatterns = [
    route("client-portal", views.dashboard, name="home"),
    route("client-portal/dashboard", views.dashboard, name="dashboard"),
    route("client-portal/projects", views.projects, name="projects"),
    route("client-portal/projects/<str:project_id>", views.project, name="project"),
    route("client-portal/invoices", views.invoices, name="invoices"),
    route("client-portal/invoices/<str:invoice_id>", views.invoice, name="invoice"),
    route("client-portal/quotes", views.quotes, name="quotes"),
    route("client-portal/quotes/<str:quote_id>", views.quote, name="quote"),
    route("client-portal/time-entries", views.time_entries, name="time_entries"),
    route("client-portal/devices", device_views.device_list, name="devices"),
    route("client-portal/devices/end-others", device_views.end_other_devices, name="end_other_devices"),
    route("client-portal/devices/<str:handle>/end", device_views.end_device, name="end_device"),
    route("client-portal/password", device_views.password, name="password"),
]
