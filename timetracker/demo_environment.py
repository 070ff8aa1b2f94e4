"""The environment that `manage.py demo` runs in: its own database file, this machine only."""

from pathlib import Path

DEMO_DATABASE = Path(__file__).resolve().parent.parent / "demo.sqlite3"


def prepare(environ):
    """Replace what the settings read, so that a demo cannot reach a real database, cache or mail server."""
    environ.update(
        SECRET_KEY="demo-only-and-only-on-this-machine-0123456789-abcdefghijkl",
        DEBUG="off",
        SITE_URL="http://127.0.0.1:8000",
        ALLOWED_HOSTS="127.0.0.1,localhost,[::1]",
        DATABASE_URL=f"sqlite:///{DEMO_DATABASE}",
        REDIS_URL="",
        EMAIL_URL="consolemail://",
        TIME_ZONE="Europe/Berlin",
        STATIC_MANIFEST="off",
    )
