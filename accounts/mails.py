"""Mails: drawn from `templates/email/`, sent by tasks of the queue alone, so that no page waits for a mail server.

What is guaranteed: a mail that was queued is sent at least once, unless it fails for good, which staff see. It may be
sent twice where a worker dies, or the database goes away, after the mail server's yes and before that is noted. Both
then bear one Message-ID, made from the task: mail servers and programs that look at it show one mail; those that do
not show two. A mail server that says no after all may have delivered as well; the same holds.
"""

from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.template.loader import render_to_string

from accounts import colours
from accounts.models import Agency

# The button of a mail to a client without a colour of its own: the accent of the portal's stylesheet.
HOUSE_COLOUR = "#1d56c4"


def send(name, facts, *, to, task, headers=None):
    """Draw `email/<name>` in the language of the moment and hand it to the mail server; raises what that raises.

    `task` is the TaskResult of the task that sends it, and no other mail. The database connection is given back
    before, because a mail server may take its time. Of the look of a `client` in `facts` a mail has the colour alone.
    """
    facts = {"accent": _accent(facts.get("client")), **facts}
    text, html = render_to_string(f"email/{name}.txt", facts), render_to_string(f"email/{name}.html", facts)
    message = EmailMultiAlternatives(
        one_line(render_to_string(f"email/{name}_subject.txt", facts)),
        text,
        to=[to],
        from_email=_sender(),
        headers={"Message-ID": f"<{task.id}@{_address().rpartition('@')[2]}>", **(headers or {})},
    )
    message.attach_alternative(html, "text/html")
    if not connection.in_atomic_block:
        connection.close()
    message.send()


def agency():
    """Whom the portal speaks for, as its pages and mails name it."""
    return Agency.current()


def _accent(client):
    """The client's colour, or the house's for a mail about none, readable on white and with text on it that is."""
    return ((client and colours.accents(client.brand_colour)) or colours.accents(HOUSE_COLOUR)).light


def one_line(text):
    """A text as a header line may hold it: without line breaks and other characters that are not printed."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _sender():
    """The agency's name before the portal's address."""
    name = one_line(agency().name).replace("\\", "").replace('"', "")
    return f'"{name}" <{_address()}>' if name else _address()


def _address():
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
