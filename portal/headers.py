"""What every answer says to browsers and caches, errors and static files included."""

from django.utils.cache import patch_vary_headers

OFF = (
    "accelerometer autoplay browsing-topics camera clipboard-read display-capture encrypted-media fullscreen "
    "geolocation gyroscope hid idle-detection local-fonts magnetometer microphone midi payment picture-in-picture "
    "publickey-credentials-create publickey-credentials-get screen-wake-lock serial usb "
    "xr-spatial-tracking"
).split()

HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in OFF),
}


def on_every_answer(get_response):
    """Add the headers that Django and django-csp do not, and let nothing but static files be kept by a cache."""

    def middleware(request):
        response = get_response(request)
        for name, value in HEADERS.items():
            response[name] = value
        response.headers.setdefault("Cache-Control", "private, no-store")
        if "no-store" in response["Cache-Control"]:
            patch_vary_headers(response, ["Cookie"])
        return response

    return middleware


def for_our_hosts(get_response):
    """Refuse a request for another host before anything, a static file or a redirect, answers it."""

    def middleware(request):
        request.get_host()
        return get_response(request)

    return middleware
