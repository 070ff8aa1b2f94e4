"""How a client's portal looks: its name, colour and welcome, and its logo in a table of its own."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from accounts.colours import is_colour

MOST_LOGO_BYTES = 100 * 1024


def check_colour(text):
    """Raise ValidationError unless this is a colour, or nothing."""
    if text and not is_colour(text):
        raise ValidationError(_("Write a colour as # and six digits, 0 to 9 and a to f: #1d56c4."))


class Brand(models.Model):
    """What a client may choose of its portal's look; each of it may be left to the house."""

    brand_name = models.CharField(
        _("name of the portal"),
        max_length=80,
        blank=True,
        default="",
        db_default="",
        help_text=_("Empty: the client's name."),
    )
    brand_colour = models.CharField(_("colour"), max_length=7, blank=True, default="", db_default="")
    brand_welcome = models.CharField(
        _("welcome"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text=_("A sentence or two on the dashboard, below the greeting."),
    )

    class Meta:
        abstract = True

    @property
    def portal_name(self):
        """What stands at the head of the portal's pages."""
        return self.brand_name or self.name


class ClientLogoQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)


class ClientLogo(models.Model):
    """A client's logo as `accounts.logos` drew it anew, a WebP; `digest` names it in addresses."""

    client = models.OneToOneField(
        "accounts.Client", models.CASCADE, primary_key=True, related_name="logo", verbose_name=_("client")
    )
    image = models.BinaryField(_("picture"))
    digest = models.CharField(_("digest"), max_length=20)
    width = models.PositiveSmallIntegerField(_("width"))
    height = models.PositiveSmallIntegerField(_("height"))

    objects = ClientLogoQuerySet.as_manager()

    class Meta:
        db_table = "client_logos"
        verbose_name = _("logo")
        verbose_name_plural = _("logos")
        constraints = [
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("image"), MOST_LOGO_BYTES), name="client_logos_small"
            )
        ]

    def __str__(self):
        return f"{self.width} × {self.height}"
