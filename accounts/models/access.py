"""How people get in: links that set a password, and the sessions of who is signed in."""

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.lookups import Among
from accounts.models.people import Client, User

models.CharField.register_lookup(Among)


class Invitation(models.Model):
    """A single-use link by which one account sets its password; only a hash of the link's secret is stored."""

    class Purpose(models.TextChoices):
        INVITED = "invited", _("invited")
        FORGOTTEN = "forgotten", _("forgot password")

    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)
    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="invitations", verbose_name=_("user")
    )
    client = models.ForeignKey(
        Client, models.CASCADE, null=True, blank=True, related_name="invitations", verbose_name=_("client")
    )
    email = models.EmailField(_("sent to"))
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    account_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("sent by")
    )

    class Meta:
        db_table = "invitations"
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None, client__isnull=False) | Q(user__isnull=False, client=None),
                name="invitations_one_account",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="invitations_expire_later"),
        ]

    def __str__(self):
        return self.email

    @property
    def account(self):
        return self.user or self.client


class SignedInSession(AbstractBaseSession):
    """A session, and what its owner may know of it: where and when it began and was last used.

    Written by `accounts.sessions` alone. `handle` names it in addresses, where its key must never stand. A person's
    has a user, a company login's a client; one that began before signing in has neither.
    """

    handle = models.CharField(max_length=32, unique=True, null=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="signed_in_sessions")
    client = models.ForeignKey(Client, models.CASCADE, null=True, related_name="signed_in_sessions")
    signed_in_at = models.DateTimeField(_("signed in"), null=True)
    seen_at = models.DateTimeField(_("last seen"), null=True)
    address = models.GenericIPAddressField(_("network address"), null=True)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)

    class Meta(AbstractBaseSession.Meta):
        db_table = "signed_in_sessions"

    def __str__(self):
        # Never the key: pages that list what hangs on a row would show it.
        return self.user_agent

    @classmethod
    def get_session_store_class(cls):
        from accounts.sessions import SessionStore

        return SessionStore
