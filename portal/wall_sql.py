"""The statements that put the golden list up on PostgreSQL, and the audit that compares it with the catalogue."""

from hashlib import sha256

from django.conf import settings
from django.db import connection, transaction

from portal.golden import NARROWED, READ, WRITE, Narrowed

POLICY = "portal_{}"
COMMANDS = {"SELECT": "r", "INSERT": "a", "UPDATE": "w", "DELETE": "d"}


def role():
    return connection.ops.quote_name(settings.PORTAL_ROLE)


def make_role():
    """Statements that need the right to make roles; run by whoever has it."""
    name = settings.PORTAL_ROLE.replace("'", "''")
    yield (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{name}') THEN "
        f"CREATE ROLE {role()} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE; END IF; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_user)")
        yield f"GRANT {role()} TO {cursor.fetchone()[0]}"


def grants():
    """Statements of the tables' owner: take everything (REVOKE on a table takes its columns too), grant the list."""
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role()}"
    yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role()}"
    yield f"GRANT USAGE ON SCHEMA public TO {role()}"
    for table, shown in READ.items():
        yield f"GRANT SELECT ({', '.join(shown.columns)}) ON {table} TO {role()}"
        for command in WRITE.get(table, ()):
            columns = ", ".join(_narrowed(table, command).columns)
            yield f"GRANT {command} {columns and f'({columns})'} ON {table} TO {role()}"
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        for command, statement in policies(table):
            name = POLICY.format(command.lower())
            yield f"DROP POLICY IF EXISTS {name} ON {table}"
            yield statement
            yield _remember(name, table, statement)


def policies(table):
    """`(command, CREATE POLICY statement)` of each policy of a table."""
    rows = READ[table].rows
    for command in ("SELECT", *WRITE.get(table, ())):
        _columns, before, after = _narrowed(table, command)
        using = "" if command == "INSERT" else f" USING (({rows}) AND {before})"
        checked = f" WITH CHECK (({rows}) AND {after})" if command in {"INSERT", "UPDATE"} else ""
        yield (
            command,
            f"CREATE POLICY {POLICY.format(command.lower())} ON {table} FOR {command} TO {role()}{using}{checked}",
        )


def _narrowed(table, command):
    """The Narrowed of a command; no columns where it is of the whole row."""
    return NARROWED.get((table, command), Narrowed(()))


def audit():
    """What of the wall is not as the golden list says, as sentences; an empty list where all is up."""
    with connection.cursor() as cursor:
        return list(_findings(cursor))


def put_up():
    """Put the wall up, or leave it where it is as it should be; False where this user may not."""
    if audit():
        if not may_make_roles():
            return False
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements():
                cursor.execute(statement)
    return True


def statements():
    """Everything that puts the wall up, in order."""
    return [*make_role(), *grants()]


def may_make_roles():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        return cursor.fetchone()[0]


def _findings(cursor):
    rows = _ask(
        cursor,
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcanlogin, pg_has_role(current_user, oid, 'MEMBER') "
        "FROM pg_roles WHERE rolname = %s",
        [settings.PORTAL_ROLE],
    )
    if not rows:
        yield f"The role {settings.PORTAL_ROLE} does not exist."
        return
    ((powerful, member),) = rows
    if powerful:
        yield f"The role {settings.PORTAL_ROLE} may log in, make roles or bypass row policies; it must not."
    if not member:
        yield f"The application's user may not take the role {settings.PORTAL_ROLE}."
    for (name,) in _ask(
        cursor,
        "SELECT g.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member "
        "JOIN pg_roles g ON g.oid = m.roleid WHERE r.rolname = %s",
        [settings.PORTAL_ROLE],
    ):
        yield f"The role {settings.PORTAL_ROLE} is a member of {name} and has all that is granted to it."
    yield from _wrong_grants(cursor)
    yield from _wrong_policies(cursor)
    yield from _side_doors(cursor)


def _wrong_grants(cursor):
    expected = {(table, column, "SELECT") for table, shown in READ.items() for column in shown.columns}
    expected |= {
        (table, column, command)
        for table, commands in WRITE.items()
        for command in commands
        for column in _narrowed(table, command).columns or ["*"]
    }
    found = set(
        _ask(
            cursor,
            """
            WITH granted AS (
                SELECT c.relname AS name, '*' AS part, a.privilege_type AS command, a.grantee
                FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                UNION ALL
                SELECT c.relname, t.attname, a.privilege_type, a.grantee
                FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid CROSS JOIN LATERAL aclexplode(t.attacl) a
                WHERE c.relnamespace = 'public'::regnamespace AND NOT t.attisdropped
            )
            SELECT name, part, command FROM granted
            WHERE grantee = 0 OR grantee = (SELECT oid FROM pg_roles WHERE rolname = %s)
            """,
            [settings.PORTAL_ROLE],
        )
    )
    for table, part, command in sorted(found - expected):
        yield f"{command} on {table} ({part}) is granted beyond the golden list."
    for table, part, command in sorted(expected - found):
        yield f"{command} on {table} ({part}) is not granted."


def _wrong_policies(cursor):
    guarded = {
        name
        for (name,) in _ask(
            cursor,
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity",
        )
    }
    for table in sorted(set(READ) - guarded):
        yield f"Row policies are not switched on for {table}."
    found = {
        (table, name): comment
        for table, name, comment in _ask(
            cursor,
            """
            SELECT c.relname, p.polname, p.polcmd::text || ' ' || p.polpermissive::text || ' '
                || coalesce(d.description, '') || ' '
                || encode(sha256(convert_to(coalesce(pg_get_expr(p.polqual, p.polrelid), '') || '|'
                || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), ''), 'UTF8')), 'hex')
            FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
            LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_policy'::regclass
            WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%s)
            """,
            [list(READ)],
        )
    }
    for table in READ:
        for command, statement in policies(table):
            kept = found.pop((table, POLICY.format(command.lower())), None)
            if kept is None:
                yield f"{table} has no policy for {command}."
                continue
            letter, permissive, source, remembered, now = (*kept.split(" "), "", "")[:5]
            if (letter, permissive, source) != (COMMANDS[command], "true", _digest(statement)) or remembered != now:
                yield f"The policy of {table} for {command} is not the one of the golden list."
    for table, name in sorted(found):
        yield f"{table} has another policy, {name}; permissive policies add rows."


def _side_doors(cursor):
    for (name,) in _ask(
        cursor,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND (relkind = 'm' OR (relkind = 'v' "
        "AND NOT coalesce(reloptions, '{}') && ARRAY['security_invoker=true', 'security_invoker=on']))",
    ):
        yield f"The view {name} reads with its owner's rights; make it security_invoker, or drop it."
    for (name,) in _ask(
        cursor,
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef",
    ):
        yield f"The function {name} runs with its owner's rights."


def _remember(name, table, statement):
    """A comment with the digest of the statement and of what the catalogue made of it, which an ALTER would change."""
    return (
        f"DO $$ BEGIN EXECUTE format('COMMENT ON POLICY {name} ON {table} IS %L', (SELECT '{_digest(statement)} ' "
        "|| encode(sha256(convert_to(coalesce(pg_get_expr(polqual, polrelid), '') || '|' "
        "|| coalesce(pg_get_expr(polwithcheck, polrelid), ''), 'UTF8')), 'hex') "
        f"FROM pg_policy WHERE polname = '{name}' AND polrelid = '{table}'::regclass)); END $$"
    )


def _digest(statement):
    return sha256(statement.encode()).hexdigest()


def _ask(cursor, sql, params=()):
    cursor.execute(sql, params)
    return cursor.fetchall()
