"""The second factor of people: six digits from their phone after the password, or one of ten recovery codes."""

import re
from base64 import urlsafe_b64encode
from datetime import timedelta

import django_otp
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Subquery
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key
from structlog.contextvars import bind_contextvars

from accounts import trail
from accounts.errors import Refused
from accounts.models import Agency, User
from accounts.trail import TrailKind

RECOVERY_CODES = 10
PASSWORD_GOOD_FOR = timedelta(minutes=5)
MOST_FAILURES = 11  # a wrong code makes the next wait 1, 2, 4 ... seconds: with this bound, 17 minutes at most
ASKED_KEY = "second_factor_asked"


class WrongCode(Refused):
    """A code that is wrong, was used before, or came too soon after wrong ones."""


class SecondFactorRefused(Refused):
    """The second factor cannot be switched on or off now."""


# Who has one, and whose session is whole


def with_device(users):
    """Users with `second_factor_id`, their confirmed device's or None, and `second_factor_demanded` of staff."""
    devices = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True).order_by("pk")
    return users.annotate(
        second_factor_id=Subquery(devices.values("pk")[:1]),
        second_factor_demanded=Exists(Agency.objects.filter(second_factor_required=True)),
    )


def device_of(account):
    """The device that gives a person's codes, or None; a company login has none."""
    if not isinstance(account, User):
        return None
    return TOTPDevice.objects.filter(user_id=account.pk, confirmed=True).order_by("pk").first()


def is_on(account):
    """Whether an account has a second factor, by what came with its row where that says it."""
    if hasattr(account, "second_factor_id"):
        return account.second_factor_id is not None
    return device_of(account) is not None


def required_for(user):
    """Whether a person must have a second factor: staff, where the agency demands it."""
    if not user.is_staff:
        return False
    if hasattr(user, "second_factor_demanded"):
        return user.second_factor_demanded
    return Agency.objects.filter(second_factor_required=True).exists()


def must_set_up(user):
    """Whether a person may do nothing in the admin before setting up a second factor."""
    return user.is_authenticated and required_for(user) and not is_on(user)


def is_whole(user, session):
    """Whether a session lets its person in: all that have a second factor must have given it in this very session."""
    device_id = user.second_factor_id if hasattr(user, "second_factor_id") else getattr(device_of(user), "pk", None)
    if device_id is None:
        return True
    return session.get(django_otp.DEVICE_ID_SESSION_KEY) == TOTPDevice(pk=device_id).persistent_id


def whole_sessions_only(get_response):
    """Middleware: a person whose session lacks the second factor is nobody, to every page there is."""

    def middleware(request):
        by_password, async_by_password = request.user, request.auser

        async def admitted():
            return _admitted(await async_by_password(), request.session)

        request.user = SimpleLazyObject(lambda: _admitted(by_password, request.session))
        request.auser = admitted
        return get_response(request)

    return middleware


def _admitted(user, session):
    """Who a session's person is to all pages, and from here on to the log."""
    if not user.is_authenticated or not is_whole(user, session):
        return AnonymousUser()
    bind_contextvars(user_id=user.pk)
    return user


# Between the password and the code


def ask(request, user, *, destination, now):
    """Keep nothing of a session but that this person's password was right now, and where they want to go."""
    request.session.flush()
    # Longer than the password is good for: who comes too late is still led where they wanted to go.
    request.session.set_expiry(int(2 * PASSWORD_GOOD_FOR.total_seconds()))
    request.session[ASKED_KEY] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": now.timestamp(),
        "destination": destination,
    }


def asked(request, *, now):
    """The active User whose password was right within the last five minutes in this browser, else None."""
    kept = request.session.get(ASKED_KEY)
    if kept is None or not 0 <= now.timestamp() - kept["at"] <= PASSWORD_GOOD_FOR.total_seconds():
        return None
    user = User.objects.select_related("client").filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(kept["hash"], user.get_session_auth_hash()) or not is_on(user):
        return None
    return user


def destination_of(request):
    """Where the person that is asked for a code wants to go, or an empty text."""
    return request.session.get(ASKED_KEY, {}).get("destination", "")


# Codes


def verify(user, code, *, request, now):
    """Accept six digits of the person's device, or one of the recovery codes, once; returns the device.

    Raises WrongCode, worded for the person, and counts the failure like a wrong password.
    """
    device = device_of(user)
    code = re.sub(r"[\s-]", "", code).lower()
    recovery = None if re.fullmatch(r"[0-9]{6}", code) else StaticDevice.objects.filter(user=user).first()
    one = recovery or device
    if one is None:
        raise WrongCode(_("There is no second factor to check this code with."))
    _refuse_haste(one)
    if django_otp.verify_token(user, one.persistent_id, _hashed(one, code) if recovery else code) is None:
        _count_failure(user, one, request=request, now=now)
        raise WrongCode(_("This code is not right, or was used before. Wait for the next one and try again."))
    if recovery:
        trail.record(
            TrailKind.RECOVERY_CODE_USED, account=user, by=user, request=request, now=now, left=codes_left(user)
        )
    return device


def _refuse_haste(device):
    allowed, why = device.verify_is_allowed()
    if not allowed:
        seconds = int((why["locked_until"] - timezone.now()).total_seconds()) + 1
        raise WrongCode(
            ngettext(
                "Too many wrong codes. Wait %(seconds)s second and try again.",
                "Too many wrong codes. Wait %(seconds)s seconds and try again.",
                seconds,
            )
            % {"seconds": seconds}
        )


def _count_failure(user, device, *, request, now):
    failures = type(device).objects.filter(pk=device.pk, throttling_failure_count__gt=MOST_FAILURES)
    failures.update(throttling_failure_count=MOST_FAILURES)
    trail.record(TrailKind.SECOND_FACTOR_FAILED, account=user, request=request, now=now)
    user_login_failed.send(sender=__name__, credentials={"username": user.username}, request=request)


def _hashed(device, code):
    """What is stored of a recovery code: keyed by the site's secret, cut to the 96 bits that the column holds."""
    digest = salted_hmac("accounts.second_factor.recovery", f"{device.pk}:{code}", algorithm="sha256").digest()
    return urlsafe_b64encode(digest[:12]).decode()


def codes_left(user):
    """How many recovery codes a person has not used yet."""
    return StaticToken.objects.filter(device__user=user).count()


# Switching it on and off


def new_key():
    """A fresh secret for a phone, in hexadecimal digits."""
    return default_key()


def device_for(user, key):
    """The unsaved device that a secret makes for a person."""
    return TOTPDevice(user=user, key=key, name="phone", confirmed=True, tolerance=1)


@transaction.atomic
def switch_on(user, key, code, *, request, now):
    """Begin to ask a person for codes, once a first code shows that their phone has the secret.

    The person's sessions elsewhere end by that. Returns the device and its recovery codes, which are shown now or
    never. Raises WrongCode, or SecondFactorRefused where there is one already.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if device_of(user) is not None:
        raise SecondFactorRefused(_("A second factor is set up already."))
    device = device_for(user, key)
    oath = TOTP(device.bin_key, device.step, device.t0, device.digits)
    oath.time = now.timestamp()
    if not re.fullmatch(r"[0-9]{6}", code) or not oath.verify(int(code), tolerance=device.tolerance):
        raise WrongCode(_("This code is not right. Look at the clock of your phone, and try the next code."))
    device.last_t = oath.t()
    device.save()
    codes = _store_new_codes(user)
    trail.record(TrailKind.SECOND_FACTOR_ADDED, account=user, by=user, request=request, now=now)
    return device, codes


@transaction.atomic
def renew_codes(user, *, request, now):
    """Ten new recovery codes in place of all earlier ones, as they are to be shown."""
    User.objects.select_for_update().get(pk=user.pk)
    if device_of(user) is None:
        raise SecondFactorRefused(_("Set up the second factor first."))
    codes = _store_new_codes(user)
    trail.record(TrailKind.RECOVERY_CODES_MADE, account=user, by=user, request=request, now=now)
    return codes


@transaction.atomic
def switch_off(user, *, request, now):
    """Ask a person for the password alone from now on; the caller has checked password and code.

    Ends the person's sessions.
    """
    _remove(user)
    trail.record(TrailKind.SECOND_FACTOR_REMOVED, account=user, by=user, request=request, now=now)


@transaction.atomic
def take_away(user, *, by, request, now):
    """Staff take a person's second factor away, whose phone is lost, and end the sessions. Raises SecondFactorRefused.

    Nobody takes away their own so, because that needs the code; and nobody that of somebody who may do more.
    """
    if user.pk == by.pk:
        raise SecondFactorRefused(_("Switch your own second factor off on your own page."))
    if user.is_superuser and not by.is_superuser:
        raise SecondFactorRefused(_("Only a superuser may do this for a superuser."))
    _remove(user)
    trail.record(TrailKind.SECOND_FACTOR_TAKEN_AWAY, account=user, by=by, request=request, now=now)


def _remove(user):
    if not TOTPDevice.objects.filter(user=user).delete()[0]:
        raise SecondFactorRefused(_("There is no second factor to switch off."))
    StaticDevice.objects.filter(user=user).delete()
    # Sessions from before there was a second factor would come to life again.
    User.objects.filter(pk=user.pk).update(access_number=F("access_number") + 1)


def _store_new_codes(user):
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = [StaticToken.random_token() for _number in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_hashed(device, code)) for code in codes)
    return [f"{code[:4]}-{code[4:]}" for code in codes]
