"""`/metrics`: what a process says of itself to Prometheus, to whoever METRICS_FROM names and asks it directly.

Each process tells of itself alone and is asked at its own port; what it says of the queue all of them say alike.
"""

import platform

import django
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Info, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts import patience, queue
from portal import proxies

READING = ["GET", "HEAD"]

Info("portal_release", "Which release this is, on what.").info(
    {"version": settings.RELEASE, "django": django.__version__, "python": platform.python_version()}
)


class Database(Collector):
    """What stands in the database, asked whenever it is told; while that is away, only that it is."""

    def describe(self):
        return []

    def collect(self):
        try:
            tasks, oldest = _queue()
        except DatabaseError:
            yield _up(0)
            return
        yield _up(1)
        yield GaugeMetricFamily(
            "portal_queue_oldest_seconds", "How long the task that is due longest has been waiting.", oldest
        )
        family = GaugeMetricFamily("portal_queue_tasks", "Tasks of the queue that are not done.", labels=["status"])
        for status, count in tasks.items():
            family.add_metric([status], count)
        yield family


REGISTRY.register(Database())


@csrf_exempt
def metrics(request):
    """Figures in Prometheus' format; nothing at all, as of any address that is not there, for everybody else."""
    if not (request.came_directly and proxies.is_in(request.META.get("REMOTE_ADDR", ""), settings.METRICS_FROM)):
        raise Http404
    if request.method not in READING:
        return HttpResponseNotAllowed(READING)
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _queue():
    try:
        with patience.for_short():
            return queue.standing(now=timezone.now())
    finally:
        if not connection.in_atomic_block:
            # A worker tells in threads that no request's end cleans up after.
            connection.close()


def _up(value):
    return GaugeMetricFamily("portal_database_up", "Whether the database answered just now.", value)
