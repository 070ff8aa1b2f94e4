"""The trail of access: who signed in, failed to, was invited, or had access changed. For staff; without secrets."""

import ipaddress

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts import events
from accounts.models import Client, TrailEntry, User

LONGEST_AGENT = 300
LONGEST_NAME = 200


class TrailKind(TextChoices):
    """What the trail tells of, and nothing else."""

    SIGNED_IN = "signed_in", _("signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("sign-in failed")
    SIGN_IN_LIMITED = "sign_in_limited", _("sign-in stopped after too many failures")
    SIGNED_OUT = "signed_out", _("signed out")
    SESSION_ENDED = "session_ended", _("session ended from another device")
    INVITED = "invited", _("invited")
    LINK_ASKED = "link_asked", _("password link asked for")
    PASSWORD_SET = "password_set", _("password set")
    ACCESS_CHANGED = "access_changed", _("access changed")
    ACCOUNT_DELETED = "account_deleted", _("account deleted")
    SECOND_FACTOR_ADDED = "second_factor_added", _("second factor added")
    SECOND_FACTOR_REMOVED = "second_factor_removed", _("second factor removed")
    SECOND_FACTOR_TAKEN_AWAY = "second_factor_taken_away", _("second factor taken away by staff")
    SECOND_FACTOR_FAILED = "second_factor_failed", _("second factor failed")
    SECOND_FACTOR_REQUIRED = "second_factor_required", _("second factor required of staff, or not")
    RECOVERY_CODES_MADE = "recovery_codes_made", _("recovery codes made")
    RECOVERY_CODE_USED = "recovery_code_used", _("recovery code used")
    VIEWED_AS_CLIENT = "viewed_as_client", _("portal viewed as a client")
    EXPORTED = "exported", _("exported")
    RESTORED = "restored", _("backup put back")


# What ends nobody's access.
HARMLESS = frozenset({TrailKind.SIGNED_IN, TrailKind.SIGN_IN_FAILED, TrailKind.SIGN_IN_LIMITED, TrailKind.EXPORTED})


def record(kind, *, now, account=None, by=None, request=None, **facts):
    """Write one line about an account (a User, a Client's company login, or None where it is unknown).

    `by` is the User or Client who did it, `request` where it came from. `facts` are JSON-ready and hold no password,
    link or code. Unlike an event it may be written outside a transaction: a failure changes nothing else. Whatever the
    trail notes of an account with a portal, that portal's open sockets are looked at again.
    """
    user, client = _pair(account)
    if client is not None and kind not in HARMLESS:
        events.look_again(client.pk)
    return TrailEntry.objects.create(
        kind=TrailKind(kind),
        user_id=user.pk if user else None,
        user_name=user.username if user else "",
        client_id=client.pk if client else None,
        client_name=client.name if client else "",
        by_id=by.pk if isinstance(by, User) else None,
        by_name=_name(by)[:LONGEST_NAME],
        address=address_of(request),
        user_agent=agent_of(request),
        facts=facts,
        recorded_at=now,
    )


def address_of(request):
    """The network address that a request came from, as the proxies' middleware left it; None where there is none.

    A header such as X-Forwarded-For is never read here.
    """
    try:
        return str(ipaddress.ip_address(request.META["REMOTE_ADDR"].partition("%")[0])) if request else None
    except (KeyError, ValueError):
        return None


def agent_of(request):
    """What the browser calls itself, cut."""
    agent = request.META.get("HTTP_USER_AGENT", "") if request else ""
    return agent.encode("utf-8", "replace").decode().replace("\0", "")[:LONGEST_AGENT]


def _pair(account):
    if isinstance(account, Client):
        return None, account
    return account, account.client if account else None


def _name(account):
    return account.username if isinstance(account, User) else str(account or "")
