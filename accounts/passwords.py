"""Setting one's own password anew, and what staff do to the password of others."""

from django.contrib import auth
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from accounts import devices, limits, signin, trail
from accounts.models import User
from accounts.trail import TrailKind


def is_right(request, account, password):
    """Whether this is the account's password, within the same limits as signing in."""
    name = limits.name_of(account)
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
        trail.record(TrailKind.PASSWORD_SET, account=account, by=account, request=request, now=now)
        devices.end_others(account, request=request, now=now)
    if isinstance(account, User):
        auth.update_session_auth_hash(request, account)
    else:
        signin.bind_company(request, account)
