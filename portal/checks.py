"""Start-up checks of the portal."""

import logging

from django.core import checks
from django.db import DatabaseError, connection

from portal import wall_sql

log = logging.getLogger(__name__)


@checks.register(checks.Tags.database)
def wall_is_up(app_configs, databases, **_options):
    """On PostgreSQL, once its tables are there, the second wall must be as the golden list says."""
    if "default" not in (databases or ()) or connection.vendor != "postgresql":
        return []
    if not {"clients", "projects"} <= set(connection.introspection.table_names()):
        return []
    return [
        checks.Warning(finding, hint="Run `manage.py portal_wall --install`.", id="portal.W001")
        for finding in wall_sql.audit()
    ]


def log_at_start():
    """Say in a server's log what the check finds; an unreachable database says so itself later."""
    try:
        findings = wall_is_up(None, ["default"])
    except DatabaseError:
        log.exception("The portal's wall could not be looked at")
        return
    for finding in findings:
        log.error("%s %s", finding.msg, finding.hint)
