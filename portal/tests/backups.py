"""Backups of the test's database as the README makes them, and the database that one was put back into."""

import os
import subprocess
from contextlib import contextmanager
from shutil import copyfile

from django.db import connection, connections


def back_up(file):
    """Keep the test's database as it is now in `file`, while it is in use."""
    if connection.vendor == "postgresql":
        _run("pg_dump", "-Fc", "-f", str(file), connection.settings_dict["NAME"])
        return
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])


@contextmanager
def put_back(file, *, portal_role=None):
    """A context in which this thread's database is a new one from the backup; `portal_role` is forgotten after it."""
    name = f"{connection.settings_dict['NAME']}_restored"
    if connection.vendor == "postgresql":
        _run("dropdb", "--if-exists", name)
        _run("createdb", name)
        try:
            _run("pg_restore", "-d", name, str(file))
            with _connected_to(name):
                yield
        finally:
            _run("dropdb", name)
            if portal_role:
                _run("psql", "-qc", f'DROP ROLE IF EXISTS "{portal_role}"', "postgres")
        return
    copyfile(file, name)
    with _connected_to(name):
        yield


@contextmanager
def _connected_to(name):
    usual = connections["default"]
    options = {key: value for key, value in usual.settings_dict["OPTIONS"].items() if key != "pool"}
    connections["default"] = other = type(usual)(usual.settings_dict | {"NAME": name, "OPTIONS": options}, "default")
    try:
        yield
    finally:
        other.close()
        connections["default"] = usual


def _run(*command):
    """A program of PostgreSQL on the test's server; fails with what it says."""
    given = connection.settings_dict
    places = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    environment = {variable: str(given[key]) for variable, key in places.items() if given[key]}
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
