"""ASGI entry point, served by Daphne."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "timetracker.settings")

django_application = get_asgi_application()

from autobahn.twisted import websocket as autobahn_on_twisted  # noqa: E402 (after the app registry is ready)
from autobahn.websocket import protocol as autobahn  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402
from daphne.http_protocol import WebRequest  # noqa: E402
from daphne.server import Server  # noqa: E402
from daphne.ws_protocol import WebSocketProtocol  # noqa: E402

# What Daphne says where it cannot even ask the application; its own page names itself and styles itself inline.
WebRequest.error_template = "<!DOCTYPE html><title>%(title)s</title><h1>%(title)s</h1>"
_its_own_answer = WebRequest.handle_exception


def _break_off(request, exception):
    """A response that failed half-way breaks off: it must not look complete, and Daphne would send a second head."""
    if request._response_started:
        request.loseConnection()
    else:
        _its_own_answer(request, exception)


WebRequest.handle_exception = _break_off
# Pages have nothing to say; Daphne itself would take a message of any size into memory.
WebSocketProtocol.maxFramePayloadSize = WebSocketProtocol.maxMessagePayloadSize = 16 * 1024

# Its access log has whole addresses, those of links that set passwords too; portal.answered tells of each answer.
Server.log_action = lambda *_told: None

# For log lines that nobody reads autobahn paints names and prints tables, at a third of what open pages cost.
for module in (autobahn, autobahn_on_twisted):
    module.hltype = module.hlval = module.pformat = lambda thing, **_paint: thing

from accounts import patience  # noqa: E402
from accounts.working import start_inside  # noqa: E402
from portal.checks import log_at_start  # noqa: E402
from portal.routing import sockets  # noqa: E402
from timetracker.handshakes import by_and_by  # noqa: E402
from timetracker.stopping import gracefully, unless_leaving  # noqa: E402

Server.kill_all_applications = gracefully
WebRequest.process = by_and_by(unless_leaving(WebRequest.process))
patience.bound()
log_at_start()
start_inside()
application = ProtocolTypeRouter({"http": django_application, "websocket": sockets})
