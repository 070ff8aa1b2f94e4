"""Sockets that come back all at once shake hands a few at a time, and pages are answered in between.

Daphne gives each five seconds from when it takes it up, and would take up all of them at one moment.
"""

from collections import deque

from twisted.internet import reactor

AT_A_TIME = 10

_waiting = deque()


def by_and_by(process):
    """What Daphne does with a request in place of `process`: requests for a socket queue up, all others go ahead."""

    def take(request):
        if not request.requestHeaders.hasHeader(b"Upgrade"):
            process(request)
            return
        _waiting.append((process, request))
        if len(_waiting) == 1:
            reactor.callLater(0, _go_on)

    return take


def _go_on():
    for _n in range(min(AT_A_TIME, len(_waiting))):
        process, request = _waiting.popleft()
        # Without a channel it is over already.
        if request.channel is not None:
            process(request)
    if _waiting:
        reactor.callLater(0, _go_on)
