"""Where sockets are: one address, and a closed door everywhere else."""

from portal.consumers import portal_socket

ADDRESS = "/ws/client-portal"


async def sockets(scope, receive, send):
    """The ASGI application of all sockets."""
    await (portal_socket if scope["path"] == ADDRESS else _nowhere)(scope, receive, send)


async def _nowhere(scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})
