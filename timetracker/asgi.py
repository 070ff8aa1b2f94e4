"""ASGI entry point, served by Daphne."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "timetracker.settings")

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402 (after the app registry is ready)

from portal.checks import log_at_start  # noqa: E402

log_at_start()
application = ProtocolTypeRouter({"http": django_application})
