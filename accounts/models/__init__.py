"""Users, clients, the agency itself, invitations, sessions, the journal of events, the trail of access, the queue."""

from accounts.brands import ClientLogo
from accounts.models.access import Invitation, SignedInSession
from accounts.models.journal import NOTIFIED, Epoch, Event, EventCounter, EventKind
from accounts.models.people import Agency, Client, User, in_any_case
from accounts.models.trail import TrailEntry
from accounts.queued_tasks import QueuedTask

__all__ = [
    "NOTIFIED",
    "Agency",
    "Client",
    "ClientLogo",
    "Epoch",
    "Event",
    "EventCounter",
    "EventKind",
    "Invitation",
    "QueuedTask",
    "SignedInSession",
    "TrailEntry",
    "User",
    "in_any_case",
]
