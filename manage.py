#!/usr/bin/env python
"""Command line of the project: `manage.py migrate`, `manage.py demo` and the rest."""

import os
import sys


def main():
    if sys.argv[1:2] == ["demo"]:
        from timetracker.demo_environment import prepare

        prepare(os.environ, sys.argv[2:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "timetracker.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
