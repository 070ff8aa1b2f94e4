"""Signing in and out: people by their user row, companies by their client row, through one form."""

from django.contrib import auth
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password, make_password
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import Client, User
from accounts.second_factor import with_device

COMPANY_KEY = "client_portal_id"
COMPANY_HASH_KEY = "client_portal_hash"


class PersonBackend(ModelBackend):
    """Django's own back end, with the client joined to the user that every portal request needs."""

    def get_user(self, user_id):
        user = with_device(User.objects.select_related("client")).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


def check(name, password):
    """The active User or the Client that this name and password belong to, else None.

    One password is hashed whatever the name, so that an unknown name takes as long as a wrong password.
    """
    account = account_named(name)
    stored = _stored_password(account)
    if not stored:
        make_password(password)
        return None
    if not check_password(password, stored, setter=lambda raw: _rehash(account, raw)):
        return None
    return account if account.is_active else None


def account_named(name):
    """The User of this name, else the Client whose company login it is, in any case; None where there is neither."""
    return User.objects.named(name).select_related("client").first() or Client.objects.with_portal_name(name).first()


def has_password(account):
    """Whether an account can sign in at all: a password is set."""
    return bool(_stored_password(account))


def sign_in(request, account):
    """Begin a session for an account that `check` returned, and end whatever session there was."""
    request.session.flush()
    if isinstance(account, User):
        auth.login(request, account, backend="accounts.signin.PersonBackend")
        return
    request.session.cycle_key()
    request.session[COMPANY_KEY] = account.pk
    request.session[COMPANY_HASH_KEY] = company_hash(account)


def sign_out(request):
    """End the session on the server."""
    auth.logout(request)


def current_account(request):
    """The signed-in User or, by the company login, Client; None for anyone else.

    Looked up anew for each request; a changed or removed password ends the session.
    """
    if request.user.is_authenticated:
        return request.user
    client_id = request.session.get(COMPANY_KEY)
    if client_id is None:
        return None
    client = Client.objects.filter(pk=client_id).first()
    if client is None or not client.has_portal_password:
        return None
    kept = request.session.get(COMPANY_HASH_KEY, "")
    return client if constant_time_compare(kept, company_hash(client)) else None


def company_hash(client):
    """What a company's session is bound to: its password's hash, keyed so that the session does not hold it."""
    return salted_hmac("accounts.signin.company", client.portal_password, algorithm="sha256").hexdigest()


def _stored_password(account):
    if isinstance(account, User):
        return account.password if account.has_usable_password() else ""
    if isinstance(account, Client):
        return account.portal_password if account.has_portal_password else ""
    return ""


def _rehash(account, raw):
    """Store a password anew when the preferred hasher has changed."""
    field = "password" if isinstance(account, User) else "portal_password"
    setattr(account, field, make_password(raw))
    account.save(update_fields=[field])
