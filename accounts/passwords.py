"""Setting one's own password anew."""

from django.contrib import auth
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from accounts import devices, limits, signin, trail
from accounts.access import sign_in_name
from accounts.models import User
from accounts.trail import TrailKind


def is_right(request, account, password):
    """Whether this is the account's password, within the same limits as signing in."""
    name = sign_in_name(account)
    if not limits.allows(request, name):
        return False
    right = check_password(password, getattr(account, signin.password_field(account)))
    if right:
        limits.succeeded(request, name)
    else:
        limits.failed(request, name)
    return right


def change(request, account, password, *, now):
    """An account sets its own password anew: this session goes on, all others of the account end.

    `password` was validated by the form.
    """
    field = signin.password_field(account)
    with transaction.atomic():
        setattr(account, field, make_password(password))
        account.save(update_fields=[field])
        trail.record(TrailKind.PASSWORD_SET, account=account, by=account, request=request, now=now, how="own page")
        devices.end_others(account, request=request, now=now)
    if isinstance(account, User):
        auth.update_session_auth_hash(request, account)
    else:
        signin.bind_company(request, account)


def tell_if_changed(request, user, *, how, now):
    """Put into the trail that this request set a person's password, if it did since `user` was read."""
    if user is None or request.method != "POST":
        return
    if User.objects.filter(pk=user.pk, access_number__gt=user.access_number).exists():
        trail.record(TrailKind.PASSWORD_SET, account=user, by=request.user, request=request, now=now, how=how)
