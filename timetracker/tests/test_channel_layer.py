"""The channel layer that the settings name carries a message to a group: in memory, or through Redis."""

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings


def test_a_group_hears_what_it_is_sent():
    @async_to_sync
    async def heard():
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add("test_group", channel)
        await layer.group_send("test_group", {"type": "greeting", "number": 7})
        message = await layer.receive(channel)
        await layer.group_discard("test_group", channel)
        return message

    assert heard() == {"type": "greeting", "number": 7}


def test_the_layer_is_redis_wherever_redis_is_named():
    assert ("Redis" in type(get_channel_layer()).__name__) is bool(settings.REDIS_URL)
