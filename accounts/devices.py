"""Where an account is signed in: its sessions, in words for their owner, and ending them."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import HASH_SESSION_KEY
from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts import signin, trail
from accounts.models import Client, SignedInSession
from accounts.trail import TrailKind

SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
]
# The first that fits: most browsers also name those that they descend from.
BROWSERS = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
]


@dataclass(frozen=True)
class Device:
    """One session as its owner sees it; `handle` names it and is no key."""

    handle: str
    name: str
    address: str | None
    signed_in_at: datetime
    seen_at: datetime
    is_this_one: bool


def devices_of(account, *, session_key, now):
    """The account's living sessions, the one with `session_key` first, then the last used."""
    rows = _living(account, now)
    rows.sort(key=lambda row: (row.session_key == session_key, row.seen_at), reverse=True)
    return [
        Device(
            handle=row.handle,
            name=in_words(row.user_agent),
            address=row.address,
            signed_in_at=row.signed_in_at,
            seen_at=row.seen_at,
            is_this_one=row.session_key == session_key,
        )
        for row in rows
    ]


def end(account, handle, *, request, now):
    """End one session of the account; False where it has none of this handle."""
    if "\0" in handle:
        return False
    ended, _rows = _rows_of(account).filter(handle=handle).delete()
    if ended:
        trail.record(TrailKind.SESSION_ENDED, account=account, by=account, request=request, now=now, sessions=1)
    return bool(ended)


def end_others(account, *, request, now):
    """End all sessions of the account but the one of this request; returns how many there were."""
    ended, _rows = _rows_of(account).exclude(session_key=request.session.session_key).delete()
    if ended:
        trail.record(TrailKind.SESSION_ENDED, account=account, by=account, request=request, now=now, sessions=ended)
    return ended


@transaction.atomic
def sign_out_everywhere(account, *, by, request, now):
    """Staff end every session of a person, or of a client's company login and all its people."""
    ended, _rows = _rows_of(account).delete()
    type(account).objects.filter(pk=account.pk).update(access_number=F("access_number") + 1)
    trail.record(TrailKind.SESSION_ENDED, account=account, by=by, request=request, now=now, sessions=ended)


def end_all(account):
    """Forget every session of the account, which its new password has ended."""
    _rows_of(account).delete()


def end_everybodys():
    """Forget all sessions there are; returns how many."""
    ended, _rows = SignedInSession.objects.all().delete()
    return ended


def in_words(user_agent):
    """A browser's name for itself in words that its owner knows: "Firefox on Windows"."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in SYSTEMS if mark in user_agent), None)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")


def _rows_of(account):
    mine = {"client": account} if isinstance(account, Client) else {"user": account}
    return SignedInSession.objects.filter(**mine)


def _living(account, now):
    """Sessions whose expiry and whose binding to password and access numbers still stand."""
    if isinstance(account, Client):
        key, bound = signin.COMPANY_HASH_KEY, signin.company_hash(account)
    else:
        key, bound = HASH_SESSION_KEY, account.get_session_auth_hash()
    rows = _rows_of(account).filter(expire_date__gt=now)
    return [row for row in rows if constant_time_compare(row.get_decoded().get(key, ""), bound)]
