"""Signing in and out: people by their user row, companies by their client row, through one form."""

from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import limits, sessions, trail
from accounts.access import account_named, why_not
from accounts.models import Client, User
from accounts.second_factor import is_whole, with_device
from accounts.sessions import COMPANY_KEY, SessionStore
from accounts.trail import TrailKind

COMPANY_HASH_KEY = "client_portal_hash"
# Accounts that were read a moment ago, for many sessions at once, while these are looked at.
_at_hand = ContextVar("accounts at hand", default=MappingProxyType({}))


class PersonBackend(ModelBackend):
    """Django's own back end, with the client joined to the user that every portal request needs."""

    def authenticate(self, request, username=None, password=None, **credentials):
        """Django's, and still within the limits afterwards: many tries at the same moment have all begun in them."""
        user = super().authenticate(request, username, password, **credentials)
        if user is not None and not limits.allows(request, username):
            raise PermissionDenied
        return user

    def get_user(self, user_id):
        user = _at_hand.get().get((User, user_id)) or _people().filter(pk=user_id).first()
        if user is None or not self.user_can_authenticate(user):
            return None
        # What the session's binding is compared with has been read just now.
        user.access_numbers = (user.access_number, user.client.access_number if user.client else None)
        return user


def attempt(request, name, password):
    """`check` within the limits on failures: None as well where these allow no more tries, and nothing is hashed then.

    The answer to such a request becomes the page that says how long to wait.
    """
    if not limits.allows(request, name):
        return None
    account = check(name, password)
    if account is None:
        limits.failed(request, name)
        return None
    # Many tries at the same moment have all begun within the limits.
    return account if limits.allows(request, name) else None


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


def has_password(account):
    """Whether an account can sign in at all: a password is set."""
    return bool(_stored_password(account))


def sign_in(request, account):
    """Begin a session for an account that `check` returned, and end whatever session there was."""
    request.session.flush()
    if isinstance(account, User):
        auth.login(request, account, backend="accounts.signin.PersonBackend")
        return
    request.session[COMPANY_KEY] = account.pk
    bind_company(request, account)
    limits.succeeded(request, account.portal_username)
    _begun(request, account, settings.PORTAL_IDLE_SECONDS)


def person_signed_in(sender, request, user, **_signal):
    """Through whichever form a person signed in: Django's signal of it."""
    _begun(request, user, settings.STAFF_IDLE_SECONDS if user.is_staff else settings.PORTAL_IDLE_SECONDS)


def person_signed_out(sender, request, user, **_signal):
    """Through whichever button a person signed out: Django's signal of it."""
    if user is not None:
        trail.record(TrailKind.SIGNED_OUT, account=user, by=user, request=request, now=timezone.now())


def sign_out(request):
    """End the session on the server."""
    account = current_account(request)
    if isinstance(account, Client):
        trail.record(TrailKind.SIGNED_OUT, account=account, by=account, request=request, now=timezone.now())
    auth.logout(request)


def current_account(request):
    """The signed-in User or, by the company login, Client; None for anyone else.

    Looked up anew for each request; a change of password or access ends the session, for good.
    """
    user_id = request.session.get(auth.SESSION_KEY)
    if request.user.is_authenticated:
        return request.user
    client_id = request.session.get(COMPANY_KEY)
    if client_id is not None:
        return _current_company(request, client_id)
    if user_id is not None and auth.SESSION_KEY not in request.session:
        request.shut_out = User.objects.select_related("client").filter(pk=user_id).first()
    return None


def shut_out(request):
    """The account whose session `current_account` found ended by this request, if it has no access now; else None.

    It is signed out: this is only for telling it why.
    """
    account = getattr(request, "shut_out", None)
    return account if account is not None and why_not(account) is not None else None


@contextmanager
def requests_of_sessions(keys):
    """`{key: request}`, each as after Django's middleware, for what comes with keys of sessions and nothing else.

    However many there are, sessions and accounts are read in three queries; the accounts stay at hand in the block.
    Nothing of a session is saved: to be looked at so does not keep it from growing idle.
    """
    stores = SessionStore.read(keys)
    at_hand = _at_hand.set(_accounts_of(stores.values()))
    try:
        yield {key: _request_with(session) for key, session in stores.items()}
    finally:
        _at_hand.reset(at_hand)


def _accounts_of(stores):
    """The users and clients whose sessions these say they are: `{(model, number): account}`."""
    people = {int(session[auth.SESSION_KEY]) for session in stores if auth.SESSION_KEY in session}
    companies = {session[COMPANY_KEY] for session in stores if COMPANY_KEY in session}
    found = [*_people().filter(pk__in=people)] if people else []
    found += Client.objects.with_logo().filter(pk__in=companies) if companies else []
    return {(type(account), account.pk): account for account in found}


def _request_with(session):
    request = HttpRequest()
    request.session = session
    user = auth.get_user(request)
    request.user = user if user.is_authenticated and is_whole(user, request.session) else AnonymousUser()
    return request


def _people():
    return with_device(User.objects.with_client())


def _current_company(request, client_id):
    at_hand = _at_hand.get().get((Client, client_id))
    client = at_hand or Client.objects.with_logo().filter(pk=client_id).first()
    kept = request.session.get(COMPANY_HASH_KEY, "")
    if client is None or not client.has_portal_password or not constant_time_compare(kept, company_hash(client)):
        request.session.flush()
        request.shut_out = client
        return None
    return client


def company_hash(client):
    """What a company's session is bound to: its password and access number, keyed so that the session holds neither."""
    bound = f"{client.portal_password} {client.access_number}"
    return salted_hmac("accounts.signin.company", bound, algorithm="sha256").hexdigest()


def bind_company(request, client):
    """Bind the session, under another key, to a company's password and to its access number as it is now."""
    client.refresh_from_db(fields=["access_number", "portal_password"])
    request.session.cycle_key()
    request.session[COMPANY_HASH_KEY] = company_hash(client)


def password_field(account):
    """Where an account's password is stored."""
    return "password" if isinstance(account, User) else "portal_password"


def _begun(request, account, idle_seconds):
    now = timezone.now()
    sessions.begin(
        request.session,
        idle_seconds=idle_seconds,
        address=trail.address_of(request),
        user_agent=trail.agent_of(request),
        now=now,
    )
    trail.record(TrailKind.SIGNED_IN, account=account, by=account, request=request, now=now)


def _stored_password(account):
    if isinstance(account, User):
        return account.password if account.has_usable_password() else ""
    if isinstance(account, Client):
        return account.portal_password if account.has_portal_password else ""
    return ""


def _rehash(account, raw):
    """Store a password anew when the preferred hasher has changed."""
    setattr(account, password_field(account), make_password(raw))
    account.save(update_fields=[password_field(account)])
