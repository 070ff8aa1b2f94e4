"""Who there is: clients, users and the agency itself."""

from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.utils.crypto import salted_hmac
from django.utils.timezone import now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import regions
from accounts.brands import Brand, check_colour
from accounts.models.trail import TrailEntry


def in_any_case(field, text):
    """A condition that a field equals a text in any case, by the index on its lower case."""
    return Exact(Lower(field), Lower(Value(text)))


class ClientQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)

    def never_entered(self):
        """Active ones whose portal is switched on for somebody, and that nobody of them has ever signed in to."""
        people = User.objects.filter(client=OuterRef("pk"), client_portal_enabled=True, is_active=True)
        entered = TrailEntry.objects.filter(kind="signed_in", client_id=OuterRef("pk"))
        return self.active().filter(Q(portal_enabled=True) | Exists(people)).exclude(Exists(entered))

    def with_logo(self):
        """With the logo joined, but for its picture."""
        return self.select_related("logo").defer("logo__image")

    def with_portal_name(self, name):
        """Clients whose company login has this name, in any case."""
        return self.filter(in_any_case("portal_username", name))

    def with_email(self, email):
        """Clients reached at this address, in any case."""
        return self.filter(in_any_case("email", email)).exclude(email="")


class Client(Brand):
    """A customer of the agency; with a portal name and password it can sign in itself (the company login)."""

    name = models.CharField(_("name"), max_length=200)
    is_active = models.BooleanField(_("active"), default=True)
    contact_name = models.CharField(_("contact"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    address = models.TextField(_("postal address"), blank=True)
    tax_id = models.CharField(_("tax number"), max_length=50, blank=True)
    currency_code = models.CharField(_("currency"), max_length=3, default="EUR")
    hourly_rate = models.DecimalField(_("hourly rate"), max_digits=15, decimal_places=3, null=True, blank=True)
    payment_terms_days = models.PositiveSmallIntegerField(_("days to pay"), default=14)
    timezone = models.CharField(_("time zone"), max_length=64, blank=True)
    locale = models.CharField(_("language and formats"), max_length=16, blank=True)
    internal_notes = models.TextField(_("internal notes"), blank=True, help_text=_("Never shown in the portal."))

    portal_enabled = models.BooleanField(_("company login enabled"), default=False)
    portal_username = models.CharField(_("company login name"), max_length=150, null=True, blank=True)
    portal_password = models.CharField(_("company password (hashed)"), max_length=128, blank=True, editable=False)
    show_rates = models.BooleanField(_("show hourly rates and amounts"), default=False)
    show_staff_names = models.BooleanField(_("show staff names"), default=True)
    show_running_timers = models.BooleanField(_("show running timers"), default=False)
    portal_approvals_enabled = models.BooleanField(_("client's people may answer approval requests"), default=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)
    access_number = models.PositiveIntegerField(
        default=0, db_default=0, editable=False
    )  # raised by the database: accounts.guards

    objects = ClientQuerySet.as_manager()

    class Meta:
        db_table = "clients"
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="clients_name_unique", violation_error_message=_("A client of this name exists.")
            ),
            models.UniqueConstraint(
                Lower("portal_username"),
                name="clients_portal_username_unique",
                violation_error_message=_("Another client signs in with this name."),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="clients_name_not_empty"),
            models.CheckConstraint(condition=~Q(portal_username=""), name="clients_portal_username_null_or_text"),
            models.CheckConstraint(
                condition=Q(hourly_rate=None) | Q(hourly_rate__gte=0), name="clients_hourly_rate_not_negative"
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def has_portal_password(self):
        return bool(self.portal_password) and is_password_usable(self.portal_password)

    def clean(self):
        self.portal_username = (self.portal_username or "").strip() or None
        errors = _errors_of(
            timezone=(regions.check_zone, self.timezone),
            locale=(regions.check_locale, self.locale),
            currency_code=(regions.check_currency, self.currency_code),
            brand_colour=(check_colour, self.brand_colour),
        )
        if self.portal_username and User.objects.named(self.portal_username).exists():
            errors["portal_username"] = gettext("A person signs in with this name; choose another.")
        if self.portal_enabled and not self.portal_username:
            errors["portal_username"] = gettext("The company login needs a name to sign in with.")
        if errors:
            raise ValidationError(errors)


class PersonManager(UserManager):
    """User names match in any case."""

    use_in_migrations = False

    def get_by_natural_key(self, username):
        return self.named(username).get()

    def named(self, username):
        """The user of this name, in any case; at most one."""
        return self.filter(in_any_case("username", username))

    def with_email(self, email):
        """Users reached at this address, in any case."""
        return self.filter(in_any_case("email", email)).exclude(email="")

    def with_client(self):
        """Users with their client and its logo joined, but for the picture: what each page of the portal needs."""
        return self.select_related("client__logo").defer("client__logo__image")

    def access_numbers(self, user_id):
        """The present access numbers of a user and of its client, or None for a user who is no more."""
        return self.filter(pk=user_id).values_list("access_number", "client__access_number").first()


class User(AbstractUser):
    """A person: staff of the agency, or someone of a client who may use the portal."""

    client_portal_enabled = models.BooleanField(_("enable client portal"), default=False)
    client = models.ForeignKey(
        Client, models.SET_NULL, null=True, blank=True, related_name="users", verbose_name=_("client")
    )
    timezone = models.CharField(_("time zone"), max_length=64, blank=True)
    locale = models.CharField(_("language and formats"), max_length=16, blank=True)
    access_number = models.PositiveIntegerField(
        default=0, db_default=0, editable=False
    )  # raised by the database: accounts.guards

    objects = PersonManager()

    class Meta:
        db_table = "users"
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="users_username_unique",
                violation_error_message=_("A user of this name exists."),
            ),
        ]
        indexes = [models.Index(Lower("email"), name="users_email")]

    @property
    def display_name(self):
        return self.get_full_name() or self.username

    def _get_session_auth_hash(self, secret=None):
        """What sessions of this user are bound to, besides the password: the access numbers of user and client.

        They are read anew, because the database raises them, unless `PersonBackend.get_user` has just read them.
        """
        numbers = self.__dict__.pop("access_numbers", None) or User.objects.access_numbers(self.pk)
        bound = f"{super()._get_session_auth_hash(secret=secret)} {numbers}"
        return salted_hmac("accounts.models.User", bound, secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_client_portal_user(self):
        """Portal access is switched on and a client is assigned; says nothing of either being active."""
        return self.client_portal_enabled and self.client_id is not None

    def get_client_portal_data(self):
        """All that the portal may show this user, or None without portal access.

        Returns `{"client": Client, "projects": [...], "invoices": [...], "time_entries": [...]}` with whole lists,
        newest first: for scripts and small clients. Pages take the same rows from the portal's scope, a page at a time.
        """
        if not self.is_client_portal_user:
            return None
        client = self.client
        return {
            "client": client,
            "projects": list(client.projects.visible().in_working_order()),
            "invoices": list(client.invoices.visible().newest_first()),
            "time_entries": list(client.time_entries.visible().finished().newest_first()),
        }

    def clean(self):
        super().clean()
        errors = _errors_of(timezone=(regions.check_zone, self.timezone), locale=(regions.check_locale, self.locale))
        if Client.objects.with_portal_name(self.username).exists():
            errors["username"] = gettext("A company signs in to the portal with this name; choose another.")
        if self.client_portal_enabled and self.client_id is None:
            errors["client"] = gettext("Choose the client whose portal this user may see.")
        elif self.client_portal_enabled and not Client.objects.active().filter(pk=self.client_id).exists():
            errors["client"] = gettext("This client is inactive or no longer exists; choose an active one.")
        if errors:
            raise ValidationError(errors)


class Agency(models.Model):
    """The seller that invoices and e-mails speak for: one row."""

    name = models.CharField(_("name"), max_length=200)
    address = models.TextField(_("postal address"), blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    tax_id = models.CharField(_("tax number"), max_length=50, blank=True)
    payment_instructions = models.TextField(
        _("how to pay"), blank=True, help_text=_("Bank details as they stand on every invoice.")
    )
    second_factor_required = models.BooleanField(
        _("staff must use a second factor"),
        default=False,
        db_default=False,
        help_text=_("Staff without one can do nothing here before they have set it up."),
    )

    class Meta:
        db_table = "agency"
        verbose_name = _("agency")
        verbose_name_plural = _("agency")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="agency_one_row")]

    def __str__(self):
        return self.name

    @classmethod
    def current(cls):
        """The agency, or a nameless unsaved one before staff have filled it in."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)


def _errors_of(**checks):
    """Run `field=(check, value)` pairs; returns `{field: ValidationError}` of those that fail."""
    errors = {}
    for field, (check, value) in checks.items():
        try:
            check(value)
        except ValidationError as error:
            errors[field] = error
    return errors
