"""The plain way with Channels, to compare with: a consumer in a group, each with a channel of its own."""

import json

from channels.generic.websocket import AsyncWebsocketConsumer

from accounts import events

ADDRESS = "/ws/plain/{client_id}"


class PlainConsumer(AsyncWebsocketConsumer):
    """Tells of a client's events; it looks at nobody and chooses no words, which makes it cheaper than it could be."""

    async def connect(self):
        self.group = events.group_of(self.scope["url_route"]["kwargs"]["client_id"])
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, _code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def event_recorded(self, message):
        event = message["event"]
        await self.send(text_data=json.dumps({"type": "activity", "id": event["number"], "kind": event["kind"]}))
