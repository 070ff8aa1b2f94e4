"""The site as tests serve it, with little patience at its end."""

from timetracker.tests.served import application

__all__ = ["application"]

from timetracker import stopping  # after Django is set up

stopping.ANSWER_SECONDS, stopping.LAST_SECONDS = 1, 3
