"""Where sockets are: one address, and a closed door everywhere else."""

from channels.routing import URLRouter
from django.urls import path, re_path

from portal.consumers import portal_socket


async def _nowhere(scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})


sockets = URLRouter([path("ws/client-portal", portal_socket), re_path("", _nowhere)])
