"""Which statements the product has issued on which database; a whole run tells which was met on one of them alone.

A reading is known by the function that asks and by the tables it asks, a writing by what it does to which table: which
columns a change touches, and in whose flush it is written, differ from case to case. What a test asks for itself does
not count, nor what the modules issue that exist to know the databases apart.
"""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

ROOT = Path(__file__).parent.parent
PRODUCT, TESTS = f"{ROOT / 'petition_app'}/", f"{ROOT / 'tests'}/"
DATABASES = ("postgresql", "sqlite")
TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE|JOIN) "?([a-z_]+)')
WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM) [a-z\"]")
# Where a query within a query means a row of the one around it, and SQLAlchemy has not understood it so.
LOOSE = re.compile(r"\(SELECT (?:(?!\bFROM\b).)*\bFROM \w+(?: AS \w+)?, \w", re.DOTALL)
CATALOGUES = ("pg_", "sqlite_", "information_schema")
# These know the databases apart and say different things to them, or write every table alike.
APART = (
    "backup/services.py", "config.py", "drill/order.py", "drill/seized_data.py", "retention/row_order.py",
    "signatures/new_signatures.py:_look", "storage/copy_loader.py", "storage/dialects.py",
    "storage/engines.py", "storage/erasures.py", "storage/multi_insert.py",
)  # fmt: skip
# By database: the texts that were looked at already, with their place. By database and statement: a test that met it
# first, and what was asked.
known: dict[str, set[tuple[str, str]]] = defaultdict(set)
met: dict[str, dict[str, str]] = {name: {} for name in DATABASES}


@event.listens_for(Engine, "before_cursor_execute")
def _note(_connection: Any, _cursor: Any, text: str, _parameters: Any, context: Any, _many: bool) -> None:
    database, place = context.dialect.name, _place()
    if place and not place.startswith(APART) and (place, text) not in known[database]:
        assert not LOOSE.search(text), f"{place} looks through a table anew: {text}"
        known[database].add((place, text))
        if statement := shape(text, place):
            test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
            met[database].setdefault(statement, f"{test}: {' '.join(text.split())[:200]}")


def _place() -> str:
    """Return which function of the product asks, nothing where a test does."""
    frame = sys._getframe(2)
    while frame:
        name = frame.f_code.co_filename
        if name.startswith(PRODUCT):
            return f"{name.removeprefix(PRODUCT)}:{frame.f_code.co_qualname}"
        if name.startswith(TESTS) and not name.endswith(Path(__file__).name):
            return ""
        frame = frame.f_back  # type: ignore[assignment] # Nothing above the first.
    return ""


def shape(text: str, place: str) -> str:
    """Return what a statement does: its verb, its tables, and, where it only reads, the function that asks.

    Nothing where it touches no table of the product.
    """
    verb, tables = text.split(None, 1)[0].upper(), sorted(set(TABLE.findall(text)))
    if not tables or any(name.startswith(CATALOGUES) for name in tables):
        return ""
    writes = verb not in ("SELECT", "WITH") or WRITES.search(text)
    return f"{verb} {' '.join(tables)}" if writes else f"{place}: SELECT {' '.join(tables)}"


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker has met."""
    for database, statements in getattr(node, "workeroutput", {}).get("statements", {}).items():
        met[database] |= statements


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a worker has met over to the process that reports."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["statements"] = met


def is_whole(config: pytest.Config) -> bool:
    """Return whether no test was left out by name."""
    return config.args == config.getini("testpaths") and not config.getoption("keyword")


def missing() -> list[str]:
    """Return the statements that were met on one database alone, with the test that met it on the other one."""
    return sorted(
        f"Not met on {database}: {statement} ({example})"
        for database, other in zip(DATABASES, reversed(DATABASES), strict=True)
        for statement, example in met[other].items()
        if statement not in met[database]
    )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say how many statements were met on both databases, and which were not."""
    if is_whole(config):
        both = met["sqlite"].keys() & met["postgresql"].keys()
        terminalreporter.write_line(f"{len(both)} statements of the product were met on both databases.")
        for line in missing():
            terminalreporter.write_line(line)
