"""Who may enter the portal: one rule for both kinds of account, and why it fails."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, User


def why_not(account):
    """The first condition of portal access that an account fails, as a sentence, or None where it gets in.

    `account` is a User, or a Client for the company login.
    """
    return _why_not_person(account) if isinstance(account, User) else _why_not_company(account)


def account_named(name):
    """The User of this name, else the Client whose company login it is, in any case; None where there is neither."""
    return User.objects.named(name).select_related("client").first() or Client.objects.with_portal_name(name).first()


def sign_in_name(account):
    """The name that an account signs in with."""
    return account.portal_username if isinstance(account, Client) else account.username


def client_of(account):
    """The client whose portal an account may see: itself for the company login."""
    return account if isinstance(account, Client) else account.client


def access_in_words(account):
    """Whether an account gets into the portal, and why not."""
    client = account if isinstance(account, Client) else account.client
    reason = why_not(account)
    if reason is not None:
        return gettext("No: %(reason)s") % {"reason": reason}
    if isinstance(account, Client) and not account.has_portal_password:
        return gettext("Not yet: the company login has no password. Send the invitation, or set one here.")
    if isinstance(account, User) and not account.has_usable_password():
        return gettext("Not yet: this user has no password. Send the invitation, or set one here.")
    return gettext("Yes, into the portal of “%(client)s”.") % {"client": client}


def _why_not_person(user):
    if not user.is_active:
        return _("This user is deactivated.")
    if not user.client_portal_enabled:
        return _("The client portal is not switched on for this user.")
    if user.client is None:
        return _("No client is assigned to this user.")
    if not user.client.is_active:
        return _("The client of this user is inactive.")
    return None


def _why_not_company(client):
    if not client.is_active:
        return _("This client is inactive.")
    if not client.portal_enabled:
        return _("The company login is not switched on for this client.")
    if not client.portal_username:
        return _("This client has no name to sign in with.")
    return None
