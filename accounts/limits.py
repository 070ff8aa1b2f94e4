"""Limits on failed sign-ins and on password mails, counted in the database: all processes share them.

Failures are counted by django-axes, for the portal's form and the admin's, for any name that is typed, known or not.
Three allowances are a stranger's, each over AXES_COOLOFF_TIME since the last failure:

- one name from one address: PER_NAME_AND_ADDRESS. Another address still gets in with that name.
- all names from one address: PER_ADDRESS. An address is an IPv4 address or an IPv6 network of 64 bits.
- one name from all addresses together: PER_NAME, so that many addresses do not make many guesses.

The last would let somebody with many addresses keep a real client out. So a browser that signed in with a name before
holds a signed cookie that says so, and has an allowance of its own for that name, PER_DEVICE, whatever others do
at its address or with its name.
"""

import ipaddress
import secrets
import unicodedata
from datetime import timedelta

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.core import signing
from django.db.models import Max, Q, Sum
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import trail
from accounts.access import account_named
from accounts.models import Invitation, TrailEntry, in_any_case
from accounts.trail import TrailKind

PER_NAME_AND_ADDRESS = 10
PER_ADDRESS = 50
PER_NAME = 100
PER_DEVICE = 10

LINK_TIME = timedelta(hours=1)
LINKS_PER_MAIL_ADDRESS = 3
LINKS_PER_ADDRESS = 10

LONGEST_NAME = 150
DEVICE_SALT = "accounts.limits.device"
DEVICE_NAMES = 5
DEVICE_LIFE = timedelta(days=365)


class Handler(AxesDatabaseHandler):
    """Axes' own, with a limit for each allowance instead of one for all (the AXES_FAILURE_LIMIT of 1 is "any")."""

    def get_failures(self, request, credentials=None):
        return int(any(failures >= limit for limit, failures, _last in _allowances(request, credentials)))

    def user_login_failed(self, sender, credentials, request=None, **kwargs):
        """Count a failure, unless the attempt was refused; both are told once in the trail."""
        name = typed_name(request, credentials)
        refused = request.axes_locked_out
        request.axes_user_agent = _row_of(request, name)
        super().user_login_failed(sender, credentials, request, **kwargs)
        if refused:
            return
        now, account = timezone.now(), account_named(name)
        if sender != "accounts.second_factor":
            trail.record(TrailKind.SIGN_IN_FAILED, account=account, request=request, now=now, name=name)
        if request.axes_locked_out:
            trail.record(TrailKind.SIGN_IN_LIMITED, account=account, request=request, now=now, name=name)

    def user_logged_in(self, sender, request, user, **kwargs):  # noqa: ARG002 (axes calls it so)
        succeeded(request, user.get_username())

    def user_logged_out(self, sender, request, user, **kwargs):
        """Nothing: the trail tells of it."""


def allows(request, name):
    """Whether one more try with this name may be made; where not, the answer will be the page that says so."""
    credentials = {"username": name}
    if AxesProxyHandler.is_allowed(request, credentials):
        return True
    request.axes_locked_out, request.axes_credentials = True, credentials
    return False


def failed(request, name):
    """Count a failed try with this name."""
    user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)


def succeeded(request, name):
    """Forget the failures that this browser had with its name, and know the browser by that name from now on."""
    AxesProxyHandler.update_request(request)
    name = canonical(name)
    attempts = AccessAttempt.objects.filter(username=name, user_agent=_row_of(request, name))
    attempts.filter(ip_address=request.axes_ip_address).delete()
    request.signed_in_as = name


def seconds_to_wait(request, credentials):
    """How long until one more try may be made."""
    lasts = [last for limit, failures, last in _allowances(request, credentials) if failures >= limit]
    until = max(lasts, default=timezone.now()) + settings.AXES_COOLOFF_TIME
    return max(1, int((until - timezone.now()).total_seconds()) + 1)


def known_devices(get_response):
    """Middleware: after a sign-in the browser gets the cookie by which `_row_of` knows it."""

    def middleware(request):
        response = get_response(request)
        name = getattr(request, "signed_in_as", None)
        if name is not None:
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                _device_with(request, name),
                max_age=DEVICE_LIFE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    return middleware


def canonical(name):
    """One spelling for all that may mean the same name; what cannot be a name is cut."""
    return unicodedata.normalize("NFKC", name or "").casefold().strip()[:LONGEST_NAME]


def typed_name(request, credentials):
    """The name of an attempt, as axes asks for it."""
    return canonical((credentials or {}).get("username"))


def network_of(request):
    """The address that failures are counted by: neighbours in an IPv6 network of 64 bits are one."""
    address = trail.address_of(request)
    if address is None or ":" not in address:
        return address
    mapped = ipaddress.IPv6Address(address).ipv4_mapped
    return str(mapped or ipaddress.ip_network(f"{address}/64", strict=False).network_address)


def allows_link(request, email, *, now):
    """Whether one more link may be mailed to this address, asked for from where this request comes from."""
    asked = TrailEntry.objects.filter(
        kind=TrailKind.LINK_ASKED, recorded_at__range=_about(now, LINK_TIME), facts__network=network_of(request) or ""
    )
    return asked.count() < LINKS_PER_ADDRESS and allows_link_to(email, now=now)


def allows_link_to(email, *, now):
    """Whether one more link may be mailed to this address."""
    made = Invitation.objects.filter(
        in_any_case("email", email),
        purpose=Invitation.Purpose.FORGOTTEN,
        created_at__range=_about(now, LINK_TIME),
    )
    return made.count() < LINKS_PER_MAIL_ADDRESS


def _about(now, time):
    """From when to when something counts: not what a clock that was set back since has put into next week."""
    return now - time + timedelta.resolution, now + time


def _allowances(request, credentials):
    """`(limit, failures, instant of the last)` of each allowance that an attempt uses up."""
    name = typed_name(request, credentials)
    row = _row_of(request, name)
    attempts = AccessAttempt.objects.filter(
        user_agent=row, attempt_time__range=_about(timezone.now(), settings.AXES_COOLOFF_TIME)
    )
    of_name, of_address = Q(username=name), Q(ip_address=request.axes_ip_address)
    if row:
        counted = [(PER_DEVICE, of_name)]
    else:
        counted = [(PER_NAME_AND_ADDRESS, of_name & of_address), (PER_ADDRESS, of_address), (PER_NAME, of_name)]
    found = attempts.filter(of_name | of_address).aggregate(
        **{
            f"failures{place}": Sum("failures_since_start", filter=which)
            for place, (_limit, which) in enumerate(counted)
        },
        **{f"last{place}": Max("attempt_time", filter=which) for place, (_limit, which) in enumerate(counted)},
    )
    for place, (limit, _which) in enumerate(counted):
        yield limit, found[f"failures{place}"] or 0, found[f"last{place}"]


def _row_of(request, name):
    """What axes' rows hold in place of a browser's name: the device, if it is known by this name; else nothing."""
    device, names = _device(request)
    return f"device {device}" if _fingerprint(name) in names else ""


def _device(request):
    try:
        device, names = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=DEVICE_SALT, max_age=DEVICE_LIFE
        )
    except signing.BadSignature:
        return secrets.token_urlsafe(12), []
    return device, names


def _device_with(request, name):
    device, names = _device(request)
    newest = [_fingerprint(name), *(other for other in names if other != _fingerprint(name))]
    return signing.dumps([device, newest[:DEVICE_NAMES]], salt=DEVICE_SALT)


def _fingerprint(name):
    return salted_hmac(DEVICE_SALT, name, algorithm="sha256").hexdigest()[:24]
