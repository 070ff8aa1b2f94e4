"""What stands in the tables, as one number a table."""

import hashlib

from portal.tests.proof.registry import all_models

# Columns of an account that signing in, a new password or a look at a page may write; all others stay as they are.
ACCOUNTS_OWN = {
    "users": {"password", "last_login", "access_number"},
    "clients": {"portal_password", "access_number"},
}


def checksums(*, without=()):
    """`{table: checksum}` of every column of every row, in the order of their keys; `without` names models."""
    return {model._meta.db_table: _checksum(model) for model in all_models() if model._meta.label not in without}


def _checksum(model):
    left_out = ACCOUNTS_OWN.get(model._meta.db_table, ())
    columns = [field.attname for field in model._meta.concrete_fields if field.column not in left_out]
    rows = model._base_manager.order_by("pk").values_list(*columns)
    return hashlib.sha256("\n".join(map(repr, rows)).encode()).hexdigest()
