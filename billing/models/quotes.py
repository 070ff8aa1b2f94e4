"""Quotes and their lines."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Client
from billing.addresses import portal_page
from billing.models.documents import Document, DocumentItem
from billing.models.work import Project


class QuoteQuerySet(models.QuerySet):
    def for_client(self, client):
        return self.filter(client=client)

    def visible(self):
        """Those a client may see: never a draft."""
        return self.exclude(status=Quote.Status.DRAFT)

    def awaiting_answer(self, today):
        """Sent, unanswered, and still valid on `today` (the reader's local date)."""
        return self.filter(status=Quote.Status.SENT).filter(Q(valid_until=None) | Q(valid_until__gte=today))

    def newest_first(self):
        return self.order_by("-issue_date", "-pk")


class Quote(Document):
    """An offer. Drafts are the staff's own."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SENT = "sent", _("Sent")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")

    client = models.ForeignKey(Client, models.PROTECT, related_name="quotes", verbose_name=_("client"))
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, related_name="quotes", verbose_name=_("project")
    )
    quote_number = models.CharField(_("number"), max_length=40, null=True, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects = QuoteQuerySet.as_manager()

    class Meta:
        db_table = "quotes"
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        constraints = [
            models.UniqueConstraint(fields=["id", "client"], name="quotes_id_client"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "sent", "accepted", "declined"]), name="quotes_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", quote_number=None, sent_at=None)
                | Q(~Q(status="draft"), quote_number__isnull=False, sent_at__isnull=False, issue_date__isnull=False),
                name="quotes_numbered_when_sent",
            ),
            models.CheckConstraint(condition=Q(total_amount__gte=0), name="quotes_total_not_negative"),
        ]
        indexes = [models.Index(F("client"), F("issue_date").desc(), F("id").desc(), name="quotes_newest")]

    def __str__(self):
        return self.quote_number or self.title

    def get_absolute_url(self):
        return portal_page("quote", self.pk)


class QuoteItem(DocumentItem):
    """A line of a quote."""

    # The foreign key of what it is a line of.
    DOCUMENT = "quote"

    client = models.ForeignKey(Client, models.PROTECT, related_name="+", editable=False)
    quote = models.ForeignKey(Quote, models.CASCADE, related_name="items", verbose_name=_("quote"))

    class Meta:
        db_table = "quote_items"
        verbose_name = _("quote line")
        verbose_name_plural = _("quote lines")
