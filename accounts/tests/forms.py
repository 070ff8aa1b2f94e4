"""The staff's forms as a browser opens and sends them."""

from html.parser import HTMLParser

from django.urls import reverse


class _Form(HTMLParser):
    def __init__(self, form_id):
        super().__init__()
        self.form_id, self.inside = form_id, False
        self.sent, self.select, self.options, self.textarea = {}, None, [], None

    def handle_starttag(self, tag, attributes):
        attrs = dict(attributes)
        if tag == "form":
            self.inside = attrs.get("id") == self.form_id
        if not self.inside:
            return
        if tag == "input" and "name" in attrs:
            self._input(attrs)
        elif tag == "select":
            self.select, self.options = attrs["name"], []
        elif tag == "option" and self.select and "selected" in attrs:
            self.options.append(attrs.get("value", ""))
        elif tag == "textarea":
            self.textarea = attrs["name"]
            self.sent[self.textarea] = ""

    def _input(self, attrs):
        kind = attrs.get("type", "text")
        if kind in ("submit", "button") or (kind in ("checkbox", "radio") and "checked" not in attrs):
            return
        self.sent[attrs["name"]] = attrs.get("value", "on" if kind == "checkbox" else "")

    def handle_data(self, data):
        if self.inside and self.textarea:
            self.sent[self.textarea] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        elif tag == "textarea" and self.textarea:
            self.sent[self.textarea] = self.sent[self.textarea].removeprefix("\n")
            self.textarea = None
        elif tag == "select" and self.select:
            self.sent[self.select] = self.options
            self.select = None


def sent_by(response, form_id):
    """The fields of the form `form_id` of a response, as its page would send them unchanged."""
    form = _Form(form_id)
    form.feed(response.content.decode())
    return form.sent


def change(client, row, /, **fields):
    """Open a row's page in the admin, change fields of its form, and send it."""
    return _send(client, row, reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk]), fields)


def add(client, model, query="", /, **fields):
    """Open the admin's page to add a row, fill fields of its form, and send it."""
    return _send(client, model, reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_add") + query, fields)


def _send(client, model, url, fields):
    return client.post(url, sent_by(client.get(url), f"{model._meta.model_name}_form") | fields, follow=True)


def errors(response):
    """The errors of the admin's form on a page: field (or `__all__`) to sentences."""
    return response.context["adminform"].form.errors


def said(response):
    """The messages on a page."""
    return [str(message) for message in response.context["messages"]]
