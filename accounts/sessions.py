"""Sessions that know whose they are: an engine for Django's sessions, kept in `signed_in_sessions`.

A session ends by itself when it was idle too long (its row's expiry, moved on while it is used) or has become too old
altogether; the expiry is looked at on the server at every load. It is written at most every SESSION_TOUCH_SECONDS
unless something in it changes.
"""

import secrets
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from accounts.models import SignedInSession

COMPANY_KEY = "client_portal_id"
DEVICE = "device"


class SessionStore(DatabaseStore):
    """Django's own, whose rows name their account and device, so that these can be listed and ended."""

    @classmethod
    def get_model_class(cls):
        return SignedInSession

    def _validate_session_key(self, key):
        """A key is of the letters that keys are made of; a cookie may say anything, NUL included."""
        return super()._validate_session_key(key) and key.isascii() and key.isalnum()

    @classmethod
    def read(cls, keys):
        """`{key: SessionStore}`, loaded in one query; empty for a key that names no living session."""
        stores = {key: cls(key) for key in keys}
        named = {store.session_key for store in stores.values()}
        rows = SignedInSession.objects.filter(session_key__in=named - {None}, expire_date__gt=timezone.now())
        rows = {row.session_key: row for row in rows}
        for store in stores.values():
            store._take(rows.get(store.session_key))
        return stores

    def _take(self, row):
        if row is None:
            self._session_key = None
        self._session_cache = self._looked_at(self.decode(row.session_data)) if row else {}

    def load(self):
        return self._looked_at(super().load())

    def _looked_at(self, data):
        device = data.get(DEVICE)
        if device and _age(device["seen_at"]) >= settings.SESSION_TOUCH_SECONDS:
            device["seen_at"] = timezone.now().timestamp()
            self.modified = True
        return data

    def get_expiry_age(self, **given):
        """Seconds until the session ends unused: its idle time, or what is left of its whole life."""
        device = self.get(DEVICE)
        if not device:
            return super().get_expiry_age(**given)
        return max(0, min(device["idle_seconds"], settings.SESSION_LIFE_SECONDS - _age(device["signed_in_at"])))

    def get_expiry_date(self, **given):
        if not self.get(DEVICE):
            return super().get_expiry_date(**given)
        return timezone.now() + timedelta(seconds=self.get_expiry_age())

    def cycle_key(self):
        """Another key for the same session, and another handle: for a moment there are two rows."""
        if DEVICE in self:
            self[DEVICE] = self[DEVICE] | {"handle": _new_handle()}
        super().cycle_key()

    async def acycle_key(self):
        await sync_to_async(self.cycle_key)()

    async def acreate_model_instance(self, data):
        return await sync_to_async(self.create_model_instance)(data)

    def create_model_instance(self, data):
        row = super().create_model_instance(data)
        device = data.get(DEVICE)
        if device:
            row.handle, row.address, row.user_agent = device["handle"], device["address"], device["user_agent"]
            row.signed_in_at, row.seen_at = _instant(device["signed_in_at"]), _instant(device["seen_at"])
            row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
            row.client_id = data.get(COMPANY_KEY)
        return row


def begin(session, *, idle_seconds, address, user_agent, now):
    """Note in a session that an account has just signed in with it."""
    session[DEVICE] = {
        "handle": _new_handle(),
        "signed_in_at": now.timestamp(),
        "seen_at": now.timestamp(),
        "idle_seconds": idle_seconds,
        "address": address,
        "user_agent": user_agent,
    }


def _new_handle():
    return secrets.token_urlsafe(16)


def _age(instant):
    return int(timezone.now().timestamp() - instant)


def _instant(seconds):
    return datetime.fromtimestamp(seconds, UTC)
