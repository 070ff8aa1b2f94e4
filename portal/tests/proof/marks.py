"""Words that give away whose a text is, planted in every text of a row."""

import itertools
import re

from django.db import models

A, B = "zqaaz", "zqbbz"
INTERNAL = "zqiiz"
RUNNING = "zqrrz"

# The rate and the amount of an hour, as no other figure: the client sees them where `show_rates` is on.
RATE, AMOUNT = "7341.19", "6218.47"

# What the portal shows of a client's rows, `table.column`: each must be met on a page. Every other text, that of a
# field added tomorrow too, is planted as internal and must be met on none, until it is named here.
SHOWN = set(
    """
    clients.name clients.brand_name clients.brand_welcome
    projects.name projects.description tasks.name time_entries.notes comments.content
    invoices.invoice_number invoices.notes invoices.terms invoices.seller_name invoices.seller_details
    invoices.buyer_name invoices.buyer_details invoices.payment_instructions invoice_items.description
    credit_notes.reason credit_notes.credit_number
    quotes.quote_number quotes.title quotes.notes quotes.terms quotes.seller_name quotes.seller_details
    quotes.buyer_name quotes.buyer_details quote_items.description
    client_time_approval_entries.task_name client_time_approval_entries.notes
    """.split()
)
# What is the client's own to know, though no page has to show it.
OWN = set(
    """
    clients.contact_name clients.email clients.phone clients.address clients.tax_id clients.portal_username
    users.username users.first_name users.last_name users.email tasks.description
    quotes.payment_instructions client_time_approvals.reason client_events.facts
    """.split()
)
# Texts that mean something to the program: zones, codes, hashes.
MEANINGFUL = set("timezone locale currency_code brand_colour digest password portal_password subject_type".split())

_numbers = itertools.count(1)


def planted(model, mark, **given):
    """A stored row of `model` in which every text that is not given carries a mark."""
    return model._base_manager.create(**texts_of(model, mark, given), **given)


def texts_of(model, mark, given=()):
    """`{field: text}` for each text field that is not given: of `mark` where the portal may show it, else INTERNAL."""
    fields = [field for field in model._meta.concrete_fields if field.name not in given and is_text(field)]
    return {field.name: _text(field, mark) for field in fields}


def is_text(field):
    """Whether people write into a field what they like."""
    free = isinstance(field, models.CharField | models.TextField) and not field.choices
    return (free or (isinstance(field, models.JSONField) and field.default is dict)) and (field.name not in MEANINGFUL)


def name_of(field):
    return f"{field.model._meta.db_table}.{field.column}"


def trace(mark, name):
    """What the text of `table.column` begins with."""
    return mark + re.sub("[^a-z]", "", name)


def _text(field, mark):
    name = name_of(field)
    text = f"{trace(mark if name in SHOWN | OWN else INTERNAL, name)}{next(_numbers)}"
    if isinstance(field, models.JSONField):
        return {"text": text}
    if isinstance(field, models.EmailField):
        return f"{text}@example.com"
    assert field.max_length is None or len(text) <= field.max_length, f"{name} is too short for a mark"
    return text
