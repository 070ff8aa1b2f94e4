"""Staff looking at the portal as a client: read-only, noted in the trail, and never counted as the client's reading."""

from django.utils.translation import gettext as _

from accounts import trail
from accounts.errors import Refused
from accounts.models import Client
from accounts.trail import TrailKind

LOOKS_AT = "looks_at_client"
PERMISSION = "accounts.view_client"


class LookRefused(Refused):
    """This portal cannot be looked at."""


def begin(request, client, *, now):
    """Let the signed-in member of staff see the portal as this client does, until `end` or the end of the session."""
    if not client.is_active:
        raise LookRefused(_("This client is inactive; nobody sees its portal."))
    request.session[LOOKS_AT] = client.pk
    trail.record(TrailKind.VIEWED_AS_CLIENT, account=client, by=request.user, request=request, now=now)


def end(request):
    """Stop looking; returns the number of the client that was looked at, or None."""
    return request.session.pop(LOOKS_AT, None)


def looked_at(user, session):
    """The active Client that this member of staff looks at in this session, or None; worked out anew each time."""
    client_id = session.get(LOOKS_AT) if user.is_authenticated and user.is_active and user.is_staff else None
    if client_id is None or not user.has_perm(PERMISSION):
        return None
    return Client.objects.active().with_logo().filter(pk=client_id).first()
