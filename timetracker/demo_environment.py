"""The environment that `manage.py demo` runs in: its own database file, this machine only."""

import argparse
from pathlib import Path

# Known to everybody: the settings refuse it for anything but the demo.
DEMO_SECRET_KEY = "demo-only-and-only-on-this-machine-0123456789-abcdefghijkl"  # noqa: S105
PROJECT_DIR = Path(__file__).resolve().parent.parent


def prepare(environ, arguments):
    """Replace what the settings read, so that a demo cannot reach a real database, cache or mail server.

    `arguments` are the command's own; the site's address follows `--port`. DEMO_DIR names another directory than the
    project's for the database file.
    """
    database = Path(environ.get("DEMO_DIR", PROJECT_DIR)).resolve() / "demo.sqlite3"
    environ.update(
        DJANGO_SETTINGS_MODULE="timetracker.settings",
        SECRET_KEY=DEMO_SECRET_KEY,
        DEBUG="off",
        SITE_URL=f"http://127.0.0.1:{_port(arguments)}",
        ALLOWED_HOSTS="127.0.0.1,localhost,[::1]",
        DATABASE_URL=f"sqlite:///{database}",
        REDIS_URL="",
        EMAIL_URL="consolemail://",
        DEFAULT_FROM_EMAIL="portal@fleetkante.example",
        TIME_ZONE="Europe/Berlin",
        STATIC_MANIFEST="off",
        WORKER="inside",
    )


def _port(arguments):
    """The port as written; whether it is one, the command says."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--port", default="8000", nargs="?")
    return parser.parse_known_args(arguments)[0].port
