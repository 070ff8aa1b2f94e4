"""Which events a client's feed shows: those whose thing it may still see."""

from django.db.models import Exists, OuterRef, Q

from accounts.models import Client


def shown(journal, things):
    """Those of a client's events that tell of something visible; `things` are the QuerySets of what it may see.

    A comment made internal, an entry deleted or moved to another client, a project archived: what told of it is gone
    with it. An import tells of the client itself.
    """
    told = Q(subject_type=Client._meta.model_name)
    for rows in things:
        there = Exists(rows.order_by().filter(pk=OuterRef("subject_id")))
        told |= Q(there, subject_type=rows.model._meta.model_name)
    return journal.filter(told)
