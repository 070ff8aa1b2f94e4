"""What an operator's machines ask: is the process alive, and is it able to answer pages? Nobody signs in for it."""

import asyncio
import logging

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import leaving

ANSWER_SECONDS = 2
NOBODYS_GROUP = "health"

log = logging.getLogger(__name__)
# A process never loses a migration that it has seen.
_seen = {"migrated": False}


@require_safe
@never_cache
def alive(request):
    """200 as long as the process answers at all: one that does not is to be started anew."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def able(request):
    """200 where pages can be answered, 503 where not: without a database, before its migrations have run, at its end.

    Without a message system pages answer and live updates wait, so that is said and takes nobody out of service:
    all processes would go at once.
    """
    if leaving.has_begun():
        return JsonResponse({"leaving": "now"}, status=503)
    found = {"database": _database(), "live": _live()}
    return JsonResponse(found, status=200 if found["database"] == "ok" else 503)


def _database():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _seen["migrated"]:
            executor = MigrationExecutor(connection)
            _seen["migrated"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        log.exception("The database does not answer")
        return "away"
    return "ok" if _seen["migrated"] else "not migrated"


def _live():
    try:
        async_to_sync(_say_nothing)()
    except Exception:
        # Whatever a channel layer raises, it is away.
        log.exception("The message system does not answer")
        return "away"
    return "ok"


async def _say_nothing():
    message = {"type": "health"}
    await asyncio.wait_for(get_channel_layer().group_send(NOBODYS_GROUP, message), ANSWER_SECONDS)
