"""Links by which an account sets its password: single-use, expiring, stored hashed."""

import hashlib
import logging
import secrets
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts import devices, limits, regions, trail
from accounts.access import client_of, sign_in_name, why_not
from accounts.errors import Refused
from accounts.models import Agency, Client, Invitation, User
from accounts.trail import TrailKind

log = logging.getLogger(__name__)


class InvitationRefused(Refused):
    """This account cannot be sent a link, or this link cannot be used."""


def invite(account, *, by, now, request=None):
    """Staff invite a User or a Client's company login: an e-mail with a link that sets the password.

    Raises InvitationRefused where the account may not enter, has no address, or the mail cannot be sent; then nothing
    is kept. Returns the Invitation.
    """
    reason = why_not(account)
    if reason:
        raise InvitationRefused(reason)
    if not account.email:
        raise InvitationRefused(_("“%(name)s” has no e-mail address.") % {"name": account})
    try:
        with transaction.atomic():
            invitation, token = _create(account, Invitation.Purpose.INVITED, by=by, now=now)
            _mail(invitation, token)
            trail.record(TrailKind.INVITED, account=account, by=by, request=request, now=now, email=account.email)
    except (SMTPException, OSError) as error:
        log.exception("The invitation of %s %s could not be mailed", type(account).__name__, account.pk)
        raise InvitationRefused(_("The e-mail could not be sent; nobody was invited. Try again later.")) from error
    return invitation


def send_forgotten(email, *, now, request=None):
    """Mail a link to every account of this address that may enter; to nobody where there is none.

    Says nothing of either to the caller, nor of too many such requests, which mail nothing; a mail server's failure is
    only logged.
    """
    if not limits.allows_link(request, email, now=now):
        return
    accounts = [account for account in _accounts_of(email) if why_not(account) is None]
    network = limits.network_of(request) or ""
    for account in accounts or [None]:
        trail.record(TrailKind.LINK_ASKED, account=account, request=request, now=now, email=email, network=network)
    for account in accounts:
        invitation, token = _create(account, Invitation.Purpose.FORGOTTEN, by=None, now=now)
        try:
            _mail(invitation, token)
        except (SMTPException, OSError):
            log.exception("The password link of %s %s could not be mailed", type(account).__name__, account.pk)


def find(token, *, now):
    """The usable Invitation of a link, or None: unknown, used, expired, or its account changed since or was shut."""
    invitation = (
        Invitation.objects.select_related("user__client", "client")
        .filter(token_hash=_hash(token), used_at=None, expires_at__gt=now)
        .first()
    )
    if invitation is None or why_not(invitation.account) is not None:
        return None
    return invitation if constant_time_compare(invitation.account_hash, _account_hash(invitation.account)) else None


@transaction.atomic
def set_password(invitation, password, *, now, request=None):
    """Use a link up: set its account's password, which ends the account's sessions and its other links.

    Raises InvitationRefused if another request used it first. `password` was validated by the form.
    """
    if not Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=now):
        raise InvitationRefused(_("This link was used already."))
    account = invitation.account
    if isinstance(account, User):
        account.password = make_password(password)
        account.save(update_fields=["password"])
    else:
        account.portal_password = make_password(password)
        account.save(update_fields=["portal_password"])
    devices.end_all(account)
    trail.record(TrailKind.PASSWORD_SET, account=account, by=account, request=request, now=now, how="link")
    return account


def _accounts_of(email):
    return [*User.objects.with_email(email).select_related("client"), *Client.objects.with_email(email)]


def _create(account, purpose, *, by, now):
    token = secrets.token_urlsafe(32)
    invited = purpose == Invitation.Purpose.INVITED
    life = timedelta(days=settings.INVITATION_DAYS) if invited else timedelta(hours=settings.PASSWORD_RESET_HOURS)
    invitation = Invitation.objects.create(
        purpose=purpose,
        user=account if isinstance(account, User) else None,
        client=account if isinstance(account, Client) else None,
        email=account.email,
        token_hash=_hash(token),
        account_hash=_account_hash(account),
        created_at=now,
        expires_at=now + life,
        created_by=by,
    )
    return invitation, token


def _hash(token):
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _account_hash(account):
    """A fingerprint that a change of password changes."""
    stored = account.password if isinstance(account, User) else account.portal_password
    return salted_hmac("accounts.invitations", f"{type(account).__name__}{account.pk}{stored}").hexdigest()


def _mail(invitation, token):
    account = invitation.account
    client = client_of(account)
    agency = Agency.current()
    facts = {
        "invitation": invitation,
        "agency": agency.name or _("Your agency"),
        "client": client,
        "sign_in_name": sign_in_name(account),
        "link": settings.SITE_URL + reverse("accounts:set_password", args=[token]),
        "site": settings.SITE_URL + reverse("portal:home"),
        "days": settings.INVITATION_DAYS,
        "hours": settings.PASSWORD_RESET_HOURS,
    }
    with translation.override(regions.language_of(regions.first_locale(account.locale, client.locale))):
        name = "invited" if invitation.purpose == Invitation.Purpose.INVITED else "forgotten"
        subject = " ".join(render_to_string(f"email/{name}_subject.txt", facts).split())
        message = EmailMultiAlternatives(
            subject, render_to_string(f"email/{name}.txt", facts), to=[invitation.email], from_email=_sender(agency)
        )
        message.attach_alternative(render_to_string(f"email/{name}.html", facts), "text/html")
        message.send()


def _sender(agency):
    """The agency's name before the portal's address; Django quotes it and refuses line breaks."""
    name = " ".join(agency.name.split()).replace('"', "")
    return f'"{name}" <{settings.DEFAULT_FROM_EMAIL}>' if name else settings.DEFAULT_FROM_EMAIL
