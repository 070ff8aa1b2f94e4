"""What every template may know of its reader."""


def reader(request):
    """`viewer`, `locale` and `zone` of the formats, `glance` of its notices, `look` of its pages; empty elsewhere."""
    viewer = getattr(request, "viewer", None)
    if viewer is None:
        return {}
    glimpsed = {name: getattr(request, name, None) for name in ("glance", "look")}
    return {"viewer": viewer, "locale": viewer.locale, "zone": viewer.zone, **glimpsed}
