"""The site as it is measured: beside its own sockets the plain ones."""

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path, re_path

from timetracker.asgi import application as site

from portal.tests.load.plain import PlainConsumer  # isort: skip (it needs what the site has set up)

sockets = URLRouter([path("ws/plain/<int:client_id>", PlainConsumer.as_asgi()), re_path("", site)])
application = ProtocolTypeRouter({"http": site, "websocket": sockets})
