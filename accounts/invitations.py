"""Links by which an account sets its password: single-use, expiring, stored hashed, mailed by the queue.

A link's secret is derived from a random seed and SECRET_KEY. The table of invitations holds a hash of the secret; the
queue holds the seed until the mail is sent and then forgets it. So the database alone, its backups too, never gives a
link away, and together with SECRET_KEY only one that was not yet mailed. A secret made anew by each run of the task
would be stored even less, but a mail sent twice would then carry two links, of which the first is dead, and mail
servers keep only the first of two mails with one Message-ID. While SECRET_KEY changes, mails still queued are not sent.
"""

import hashlib
import logging
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts import devices, limits, mails, queue, regions, trail
from accounts.access import client_of, sign_in_name, why_not
from accounts.errors import Refused
from accounts.models import Client, Invitation, User
from accounts.trail import TrailKind

log = logging.getLogger(__name__)


class InvitationRefused(Refused):
    """This account cannot be sent a link, or this link cannot be used."""


@transaction.atomic
def invite(account, *, by, now, request=None):
    """Staff invite a User or a Client's company login: an e-mail with a link that sets the password.

    Raises InvitationRefused where the account may not enter or has no address. Returns the Invitation; its mail is
    queued.
    """
    reason = why_not(account)
    if reason:
        raise InvitationRefused(reason)
    if not account.email:
        raise InvitationRefused(_("“%(name)s” has no e-mail address.") % {"name": account})
    invitation = _create(account, Invitation.Purpose.INVITED, by=by, now=now)
    trail.record(TrailKind.INVITED, account=account, by=by, request=request, now=now, email=account.email)
    return invitation


@transaction.atomic
def send_forgotten(email, *, now, request=None):
    """Mail a link to every account of this address that may enter; to nobody where there is none.

    Says nothing of either to the caller, nor of too many such requests, which mail nothing. The caller waits for the
    same few statements in any case: whatever only known addresses need is done by the queue.
    """
    if not limits.allows_link(request, email, now=now):
        return
    network = limits.network_of(request) or ""
    for account in _enterable(email) or [None]:
        trail.record(TrailKind.LINK_ASKED, account=account, request=request, now=now, email=email, network=network)
    make_links.enqueue(email)


@queue.task(priority=10, whole=True)
def make_links(email):
    """The task behind `send_forgotten`: a link for each account, as long as the address has some left."""
    now = timezone.now()
    if limits.allows_link_to(email, now=now):
        for account in _enterable(email):
            _create(account, Invitation.Purpose.FORGOTTEN, by=None, now=now)


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


def end_all(*, now):
    """No link that is out there sets a password any more; returns the addresses that had one."""
    usable = Invitation.objects.filter(used_at=None, expires_at__gt=now)
    addresses = sorted(set(usable.values_list("email", flat=True)))
    usable.delete()
    return addresses


def _enterable(email):
    """The accounts of an address that may enter."""
    accounts = [*User.objects.with_email(email).select_related("client"), *Client.objects.with_email(email)]
    return [account for account in accounts if why_not(account) is None]


def _create(account, purpose, *, by, now):
    """Store an invitation and queue its mail."""
    seed = secrets.token_urlsafe(32)
    invited = purpose == Invitation.Purpose.INVITED
    life = timedelta(days=settings.INVITATION_DAYS) if invited else timedelta(hours=settings.PASSWORD_RESET_HOURS)
    invitation = Invitation.objects.create(
        purpose=purpose,
        user=account if isinstance(account, User) else None,
        client=account if isinstance(account, Client) else None,
        email=account.email,
        token_hash=_hash(_token(seed)),
        account_hash=_account_hash(account),
        created_at=now,
        expires_at=now + life,
        created_by=by,
    )
    mail_link.using(dedupe_key=f"link {invitation.pk}").enqueue(seed)
    return invitation


def _token(seed):
    """The secret that stands in the link."""
    return salted_hmac("accounts.invitations.link", seed, algorithm="sha256").hexdigest()


def _hash(token):
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _account_hash(account):
    """A fingerprint that a change of password changes."""
    stored = account.password if isinstance(account, User) else account.portal_password
    return salted_hmac("accounts.invitations", f"{type(account).__name__}{account.pk}{stored}").hexdigest()


@queue.task(priority=10, takes_context=True)
def mail_link(context, seed):
    """The task that mails a link; one that is no longer good for anything is not sent."""
    invitation = find(_token(seed), now=timezone.now())
    if invitation is None:
        log.warning("A password link is not mailed, because it cannot be used any more")
        return
    account = invitation.account
    client = client_of(account)
    facts = {
        "client": client,
        "sign_in_name": sign_in_name(account),
        "link": settings.SITE_URL + reverse("accounts:set_password", args=[_token(seed)]),
        "site": settings.SITE_URL + reverse("portal:home"),
        "days": settings.INVITATION_DAYS,
        "hours": settings.PASSWORD_RESET_HOURS,
    }
    name = "invited" if invitation.purpose == Invitation.Purpose.INVITED else "forgotten"
    with translation.override(regions.language_of(regions.first_locale(account.locale, client.locale))):
        facts["agency"] = mails.agency().name or _("Your agency")
        mails.send(name, facts, to=invitation.email, task=context.task_result)
