"""The open sockets of one client in one process, and what all of them know."""

from collections import defaultdict
from time import monotonic

# A page takes a socket from which nothing came for much longer to be dead.
GREET_SECONDS = 30


class Audience:
    """Sockets by their entrances; `latest` is the last event number that all of them were told of, or None."""

    def __init__(self):
        self.by_entrance = defaultdict(set)
        self.size = 0
        self.latest = self._missed = None
        self._told_at = monotonic()

    def __iter__(self):
        return (socket for sockets in self.by_entrance.values() for socket in sockets)

    @property
    def wordings(self):
        """In which Wordings they are told, each once."""
        return {entrance.wording for entrance in self.by_entrance}

    def add(self, socket):
        self.by_entrance[socket.entrance].add(socket)
        self.size += 1

    def remove(self, socket):
        """Forget a socket; False where it was none of these."""
        sockets = self.by_entrance.get(socket.entrance, ())
        if socket not in sockets:
            return False
        sockets.remove(socket)
        if not sockets:
            del self.by_entrance[socket.entrance]
        self.size -= 1
        return True

    def has_greeted(self, latest):
        """One of them knows of all events up to this; the others perhaps of fewer."""
        self.latest = latest if self.latest is None else min(self.latest, latest)

    def has_told(self, latest):
        """All of them were told of this event, and so know what they missed before it."""
        self.latest = max(self.latest or 0, latest)
        self._told_at = monotonic()

    def has_missed(self, latest):
        """Whether they were behind when this was asked a round ago, and still are; `latest` is how far events go."""
        missed, self._missed = self._missed, None
        if self.latest is None or self.latest >= latest:
            return False
        self._missed = latest
        return missed is not None and self.latest < missed

    @property
    def is_neglected(self):
        """Whether they were told nothing for so long that they are to be greeted."""
        return monotonic() - self._told_at > GREET_SECONDS
