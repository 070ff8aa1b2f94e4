"""Totals that the database itself keeps: guards that hold a stored sum equal to its rows, whoever writes and however.

They are listed and put up with an app's other guards. Putting them up also fills them, in the transaction that holds
the source against writers: no row is missed between a migration and its triggers. PostgreSQL works once a statement,
on all of its rows together, so that COPY of a million rows stays cheap, and takes the locks of totals in the order of
their keys, so that two statements never wait for each other in a ring; SQLite works row by row.
"""

from dataclasses import dataclass

from accounts.guards import frozen_columns


@dataclass(frozen=True)
class Totals:
    """A table that is always its source grouped by `keys`: `count` of the rows where `where` holds, and `sums` of them.

    `where` and the expressions of `sums`, `(column of totals, SQL)`, speak of a source row as `{row}`; no expression
    may be NULL. A key without rows has no total. Decimals are exact to the third place.
    """

    table: str
    totals: str
    keys: tuple[str, ...]
    count: str
    sums: tuple[tuple[str, str], ...]
    watched: tuple[str, ...]
    where: str = "TRUE"

    @property
    def name(self):
        return f"{self.totals}_kept"

    @property
    def tables(self):
        return {self.table, self.totals}

    @property
    def columns(self):
        """What is added up: the count and the sums."""
        return (self.count, *(column for column, _expression in self.sums))

    def on_postgresql(self):
        rows = {"insert": ["come"], "update": ["come", "gone"], "delete": ["gone"]}
        for change, parts in rows.items():
            steps = [self._added(parts)] + ([self._emptied()] if "gone" in parts else [])
            yield from after_statement(self.table, f"{self.totals}_{change}", change, parts, steps)
        yield from after_statement(
            self.table, f"{self.totals}_truncate", "truncate", [], [f"DELETE FROM {self.totals}"]
        )
        yield f"LOCK TABLE {self.table} IN SHARE ROW EXCLUSIVE MODE"
        yield from self.fill("postgresql")

    def on_sqlite(self):
        """An update adds before it takes away; a total goes when nothing at all is left of it."""
        come, gone, empty = self._row("NEW", "+"), self._row("OLD", "-"), self._emptied(row="OLD")
        changed = frozen_columns(self.watched).replace("IS DISTINCT FROM", "IS NOT")
        for change, condition, steps in [
            ("INSERT", "TRUE", [come]),
            ("UPDATE", changed, [come, gone, empty]),
            ("DELETE", "TRUE", [gone, empty]),
        ]:
            yield (
                f"CREATE TRIGGER IF NOT EXISTS {self.totals}_{change.lower()} AFTER {change} ON {self.table} "
                f"FOR EACH ROW WHEN {condition} BEGIN {'; '.join(steps)}; END"
            )
        yield from self.fill("sqlite")

    def fill(self, vendor):
        """Statements that make every total right and write only those that are not."""
        names = ", ".join((*self.keys, *self.columns))
        yield (
            f"INSERT INTO {self.totals} ({names}) SELECT {', '.join(self.keys)}, "
            + ", ".join(f"right_{column}" for column in self.columns)
            + f" FROM ({self.differences(vendor)}) AS wrong WHERE TRUE ON CONFLICT ({', '.join(self.keys)}) "
            "DO UPDATE SET " + ", ".join(f"{column} = excluded.{column}" for column in self.columns)
        )
        yield f"DELETE FROM {self.totals} WHERE {self.count} = 0"

    def differences(self, vendor):
        """A SELECT of the keys whose total is wrong: the keys, each column as it is, each as it should be."""
        keys = ", ".join(self.keys)
        kept = ", ".join(f"{column} AS kept_{column}, 0 AS right_{column}" for column in self.columns)
        right = ", ".join(f"0, {_exact(vendor, f'SUM({value})')}" for value in self._values("r"))
        sums = {
            (side, column): _exact(vendor, f"SUM({side}_{column})")
            for side in ("kept", "right")
            for column in self.columns
        }
        named = ", ".join(f"{total} AS {side}_{column}" for (side, column), total in sums.items())
        wrong = " OR ".join(f"{sums['kept', column]} <> {sums['right', column]}" for column in self.columns)
        return (
            f"SELECT {keys}, {named} FROM (SELECT {keys}, {kept} FROM {self.totals} "
            f"UNION ALL SELECT {keys}, {right} FROM {self.table} AS r WHERE {self.where.format(row='r')} "
            f"GROUP BY {keys}) AS sides GROUP BY {keys} HAVING {wrong}"
        )

    def _values(self, row):
        """What one source row adds to each of `columns`."""
        return ["1", *(expression.format(row=row) for _column, expression in self.sums)]

    def _added(self, parts):
        """PostgreSQL: add the rows of the transition table `come` and take away those of `gone`, a key at a time."""
        keys, columns = ", ".join(self.keys), ", ".join(self.columns)
        changes = " UNION ALL ".join(self._changes(part, "-" if part == "gone" else "") for part in parts)
        sums = [f"SUM({column})" for column in self.columns]
        return (
            f"INSERT INTO {self.totals} AS kept ({keys}, {columns}) SELECT {keys}, {', '.join(sums)} "
            f"FROM ({changes}) AS change ({keys}, {columns}) GROUP BY {keys} "
            f"HAVING {' OR '.join(f'{total} <> 0' for total in sums)} ORDER BY {keys} "
            f"ON CONFLICT ({keys}) DO UPDATE SET "
            + ", ".join(f"{column} = kept.{column} + excluded.{column}" for column in self.columns)
        )

    def _changes(self, part, sign):
        values = ", ".join([*self.keys, *(f"{sign}({value})" for value in self._values("r"))])
        return f"SELECT {values} FROM {part} AS r WHERE {self.where.format(row='r')}"

    def _row(self, row, sign):
        """SQLite: add one row to its total, or take it away."""
        values = [*(f"{row}.{key}" for key in self.keys), *(f"{sign}({value})" for value in self._values(row))]
        return (
            f"INSERT INTO {self.totals} ({', '.join((*self.keys, *self.columns))}) "
            f"SELECT {', '.join(values)} WHERE {self.where.format(row=row)} "
            f"ON CONFLICT ({', '.join(self.keys)}) DO UPDATE SET "
            + ", ".join(f"{name} = {_exact('sqlite', f'{name} + excluded.{name}')}" for name in self.columns)
        )

    def _emptied(self, row=None):
        nothing = " AND ".join(f"{column} = 0" for column in self.columns)
        if row:
            own = " AND ".join(f"{key} = {row}.{key}" for key in self.keys)
        else:
            keys = ", ".join(self.keys)
            own = f"({keys}) IN (SELECT {keys} FROM gone)"
        return f"DELETE FROM {self.totals} WHERE {own} AND {nothing}"


@dataclass(frozen=True)
class ChildSum:
    """A column of a parent that is always the sum of `amount` over those of its few children for which `where` holds.

    It is added up anew at each change of the children and of the parent: a stale save() cannot put an old sum back.
    """

    table: str
    column: str
    children: str
    pointer: str
    amount: str
    watched: tuple[str, ...]
    where: str = "TRUE"

    @property
    def name(self):
        return f"{self.table}_{self.column}_summed"

    @property
    def tables(self):
        return {self.table, self.children}

    def on_postgresql(self):
        yield (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"NEW.{self.column} := {self._sum('postgresql', 'NEW.id')}; RETURN NEW; END $$"
        )
        yield (
            f"CREATE OR REPLACE TRIGGER {self.name} BEFORE INSERT OR UPDATE ON {self.table} "
            f"FOR EACH ROW EXECUTE FUNCTION {self.name}()"
        )
        for change, parts in {"insert": ["come"], "update": ["come", "gone"], "delete": ["gone"]}.items():
            parents = "id IN (" + " UNION ".join(f"SELECT {self.pointer} FROM {part}" for part in parts) + ")"
            steps = [
                f"PERFORM 1 FROM {self.table} WHERE {parents} ORDER BY id FOR NO KEY UPDATE",
                f"UPDATE {self.table} SET {self.column} = {self.column} WHERE {parents}",
            ]
            yield from after_statement(self.children, f"{self.name}_{change}", change, parts, steps)
        again = f"UPDATE {self.table} SET {self.column} = 0 WHERE {self.column} <> 0"
        yield from after_statement(self.children, f"{self.name}_truncate", "truncate", [], [again])
        yield f"LOCK TABLE {self.children} IN SHARE ROW EXCLUSIVE MODE"
        yield from self.fill("postgresql")

    def on_sqlite(self):
        for change, row in [("INSERT", "NEW"), ("UPDATE", "OLD"), ("UPDATE", "NEW"), ("DELETE", "OLD")]:
            changed = frozen_columns(self.watched).replace("IS DISTINCT FROM", "IS NOT")
            condition = changed if change == "UPDATE" else "TRUE"
            yield (
                f"CREATE TRIGGER IF NOT EXISTS {self.name}_{change.lower()}_{row.lower()} AFTER {change} "
                f"ON {self.children} FOR EACH ROW WHEN {condition} BEGIN {self._again(f'{row}.{self.pointer}')}; END"
            )
        for change in ("INSERT", f"UPDATE OF {self.column}"):
            yield (
                f"CREATE TRIGGER IF NOT EXISTS {self.name}_{change.split()[0].lower()} AFTER {change} ON {self.table} "
                f"FOR EACH ROW WHEN NEW.{self.column} <> {self._sum('sqlite', 'NEW.id')} "
                f"BEGIN {self._again('NEW.id')}; END"
            )
        yield from self.fill("sqlite")

    def fill(self, vendor):
        """Statements that make every sum right and write only those that are not."""
        right = self._sum(vendor, f"{self.table}.id")
        yield f"UPDATE {self.table} SET {self.column} = {right} WHERE {self.column} <> {right}"

    def differences(self, vendor):
        """A SELECT of the parents whose sum is wrong: the id, the sum as it is, as it should be."""
        right = self._sum(vendor, "p.id")
        return f"SELECT p.id, p.{self.column}, {right} FROM {self.table} AS p WHERE p.{self.column} <> {right}"

    @property
    def keys(self):
        return ("id",)

    @property
    def columns(self):
        return (self.column,)

    @property
    def totals(self):
        return self.table

    def _sum(self, vendor, parent):
        total = _exact(vendor, f"COALESCE(SUM({self.amount}), 0)")
        return f"(SELECT {total} FROM {self.children} AS c WHERE c.{self.pointer} = {parent} AND {self.where})"

    def _again(self, parent):
        right = self._sum("sqlite", f"{self.table}.id")
        return f"UPDATE {self.table} SET {self.column} = {right} WHERE id = {parent}"


def after_statement(table, name, change, parts, steps):
    """PostgreSQL: statements that put up a trigger after each statement of `change`, with its rows in `parts`."""
    given = {"come": "NEW TABLE AS come", "gone": "OLD TABLE AS gone"}
    referencing = f"REFERENCING {' '.join(given[part] for part in parts)} " if parts else ""
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"{'; '.join(steps)}; RETURN NULL; END $$"
    )
    yield (
        f"CREATE OR REPLACE TRIGGER {name} AFTER {change.upper()} ON {table} "
        f"{referencing}FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def _exact(vendor, total):
    """SQLite adds decimals as floats, and rounding to the third place takes their noise away."""
    return total if vendor == "postgresql" else f"ROUND({total}, 3)"
