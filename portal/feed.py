"""Which events a client's feed shows: those whose thing it may still see."""

from django.db.models import OuterRef, Q, Subquery
from django.db.models.lookups import IsNull

from accounts.models import Client


def shown(journal, things):
    """Those of a client's events that tell of something visible; `things` are the QuerySets of what it may see.

    A comment made internal, an entry deleted or moved to another client, a project archived: what told of it is gone
    with it. An import tells of the client itself.
    """
    told = Q(subject_type=Client._meta.model_name)
    for rows in things:
        # Looked up one by one: for an EXISTS PostgreSQL may read all that the client has.
        there = IsNull(Subquery(rows.order_by().filter(pk=OuterRef("subject_id")).values("pk")[:1]), False)
        told |= Q(there, subject_type=rows.model._meta.model_name)
    return journal.filter(told)
