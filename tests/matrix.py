"""On which databases and in which modes each case runs: a fair part of the matrix, or with `--all` all of it.

The whole matrix: what takes `database` runs on both kinds; where petitions are at work, in sealed mode on both, too.
What is about the standard mode alone is marked `standard`, with the reason.

The fair part: cases take turns. In the folders of doors each case runs once, on one field of the matrix after the
other. Elsewhere the cases of a parametrized test take turns as well, so that each value of a parameter meets several
fields, and a test with one case runs on two opposite fields: on both databases and, where there are two, in both modes.

What is marked `everywhere` always runs on all fields, as does what is named on the command line with `::`.
`tests/statements.py` says which statement of the product was met on one database alone.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import pytest

SEALED_TOO = ("imports", "petitions", "public", "retention", "signatures", "tally", "verification")
SEALED_TOO += ("test_b45_policy.py", "test_fast_sign.py")
# They render and ask; what they ask for is tested where it lies.
DOORS = ("web", "cli", "mailer", "local_desk")
# The fixtures that a field of the matrix is a parameter of.
CHOOSERS = ("database", "attacked")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take `--all`, which `make test-all` gives; a process that a test starts knows it by its environment."""
    parser.addoption("--all", action="store_true", help="run every case on every database and in every mode")


def pytest_configure(config: pytest.Config) -> None:
    """Know whether all is asked for."""
    config.stash[WHOLE] = config.getoption("all") or any("::" in word for word in config.args)
    if config.getoption("all"):
        os.environ["WHOLE_MATRIX"] = "yes"


WHOLE = pytest.StashKey[bool]()
T = TypeVar("T")


def sample(few: T, many: T) -> T:
    """Return `few` of what there is to try, or `many` where all is asked for."""
    return many if os.environ.get("WHOLE_MATRIX") else few


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a case for every field of the matrix."""
    marks = list(metafunc.definition.iter_markers())
    if "database" not in metafunc.fixturenames or any(
        mark.name == "parametrize" and "database" in mark.args[0] for mark in marks
    ):
        return
    kinds, path = ["sqlite", "postgresql"], metafunc.definition.path.relative_to(Path(__file__).parent)
    if {*path.parts}.intersection(SEALED_TOO) and not any(mark.name == "standard" for mark in marks):
        kinds += ["sealed", "sealed_postgresql"]
    metafunc.parametrize("database", kinds, indirect=True)


# The fields of the matrix, each beside its opposite.
FIELDS = ("sqlite", "sealed_postgresql", "postgresql", "sealed")


def fields(known: set[str], turn: int, *, once: bool) -> set[str]:
    """Return the fields on which a case runs of those that there are: one in turn, or two opposite ones."""
    order = [field for field in FIELDS if field in known]
    if once:
        return {order[turn % len(order)]}
    first = turn * 2 % len(order)
    return {*order[first : first + 2]}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not of the fair part."""
    if config.stash[WHOLE]:
        return
    tests: dict[str, dict[tuple[str, ...], list[tuple[str, pytest.Item]]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        if (found := field_of(item)) and not item.get_closest_marker("everywhere"):
            field, case = found
            tests[item.nodeid.partition("[")[0]][case].append((field, item))
    left_out = set()
    for name, cases in tests.items():
        once = len(cases) > 1 or name.split("/")[1] in DOORS
        axes = [list(dict.fromkeys(values)) for values in zip(*cases, strict=True)]
        for case, row in cases.items():
            turn = crc32(name.encode()) + sum(axis.index(value) for axis, value in zip(axes, case, strict=True))
            here = fields({field for field, _ in row}, turn, once=once)
            left_out |= {item for field, item in row if field not in here}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def field_of(item: pytest.Item) -> tuple[str, tuple[str, ...]] | None:
    """Return the field of a case, and the ids of its other parameters; nothing where the test names its database."""
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return None
    chooser = next((name for name in CHOOSERS if name in item.callspec.params), "")
    if not chooser or any(chooser in mark.args[0] for mark in item.iter_markers("parametrize")):
        return None
    field, ids = str(item.callspec.params[chooser]), list(item.callspec._idlist)
    ids.remove(field)
    return field, tuple(ids)
