"""What every template may know of its reader."""


def reader(request):
    """`viewer`, and the `locale` and `zone` that the formats go by; empty outside the portal's pages."""
    viewer = getattr(request, "viewer", None)
    return {"viewer": viewer, "locale": viewer.locale, "zone": viewer.zone} if viewer else {}
