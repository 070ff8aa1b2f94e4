"""What a process counts and measures of itself, for Prometheus; `/metrics` tells it (`portal.metrics`).

No label has a value that a visitor could choose.
"""

from time import time

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()

REQUESTS = Counter("portal_requests", "Answered requests, by route, method and status.", ["route", "method", "status"])
ANSWER_SECONDS = Histogram(
    "portal_answer_seconds",
    "Seconds until an answer, or of a streamed one its beginning, was ready, by route.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SOCKETS = Gauge("portal_open_sockets", "Sockets of open pages that this process holds.")
ANNOUNCED = Counter("portal_announced", "Messages that the channel layer took from this process, by type.", ["type"])
LAYER_FAILURES = Counter(
    "portal_channel_layer_failures", "Times that the channel layer was away, when announcing or when hearing.", ["when"]
)
TOLD = Counter("portal_messages_told", "Messages handed out to sockets, once for each socket.")
LAG_SECONDS = Histogram(
    "portal_event_lag_seconds",
    "Seconds from the recording of an event until this process had told its sockets.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
GREETED = Counter(
    "portal_sockets_greeted", "Sockets greeted because they missed an event, which their pages then ask for."
)
WORKER_PAUSE = Gauge(
    "portal_worker_pause_seconds", "Seconds since the worker of this process last finished a round.", ["worker"]
)


def told(message, sockets):
    """Count a message of the channel layer that so many sockets were told."""
    TOLD.inc(sockets)
    if sockets and "recorded_at" in message:
        LAG_SECONDS.observe(max(0.0, time() - message["recorded_at"]))
