"""Finds what a patch changes in a file, and makes those statements leave a trace when they run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


class RoadError(Exception):
    """A road that a patch names is not there, or the patch changes nothing on it."""


@dataclass(frozen=True)
class Trace:
    """A file that is made before, or after, a statement runs."""

    function: str
    statement: ast.stmt
    after: bool
    path: Path

    @property
    def words(self) -> str:
        """The statement's first line."""
        return ast.unparse(self.statement).splitlines()[0]

    def lines(self) -> list[ast.stmt]:
        """Return what makes the file, in whichever process and however that ends, and disturbs nothing else."""
        made = f"__import__('os').close(__import__('os').open({str(self.path)!r}, 0o101, 0o600))"
        return ast.parse(f"try:\n    {made}\nexcept OSError:\n    pass").body


class Changes:
    """The text of a file after some hunks, and which of its lines they have changed."""

    def __init__(self, text: str) -> None:
        self.lines = [(line, False) for line in text.splitlines(keepends=True)]
        self.gone: list[tuple[int, int]] = []  # The line before which lines were removed, and their indent.

    @property
    def text(self) -> str:
        """The text as it is now."""
        return "".join(line for line, _ in self.lines)

    def apply(self, hunk: list[str]) -> bool:
        """Apply one hunk; say whether it fitted exactly once."""
        old = [line[1:] for line in hunk if line[:1] in " -"]
        known = [line for line, _ in self.lines]
        fits = [at for at in range(len(known) - len(old) + 1) if known[at : at + len(old)] == old]
        if len(fits) != 1:
            return False
        at, new = fits[0], list[tuple[str, bool]]()
        replaced: list[tuple[int, int]] = []
        run: list[str] = []
        for line in [*hunk, " "]:
            if line[:1] == "-":
                run.append(line[1:])
                continue
            if run and line[:1] == " ":
                replaced.append((at + len(new) + 1, _indent(run)))
            if line[:1] in "+ " and len(line) > 1:
                new.append((line[1:], line[:1] == "+"))
            run = [] if line[:1] in " +" else run
        grown = len(new) - len(old)
        self.gone = [(line + grown if line > at else line, indent) for line, indent in self.gone] + replaced
        self.lines[at : at + len(old)] = new
        return True

    def changed(self) -> set[int]:
        """Return the numbers of the lines that are new."""
        return {number for number, (line, new) in enumerate(self.lines, start=1) if new and line.strip()}

    def is_indented(self, numbers: range, indent: int) -> bool:
        """Say whether these lines are empty or at least so far to the right."""
        lines = (self.lines[number - 1][0] for number in numbers)
        return all(_indent([line]) >= indent for line in lines if line.strip())

    def names(self) -> set[str]:
        """Return the names that changed statements outside of functions bind: constants, and classes by their lines."""
        found = set()
        for node in ast.parse(self.text).body:
            for one in node.body if isinstance(node, ast.ClassDef) else [node]:
                if not isinstance(one, FUNCTIONS) and self._touches(one):
                    found.update(_bound(one), [node.name] if isinstance(node, ast.ClassDef) else [])
        return found

    def _touches(self, node: ast.stmt) -> bool:
        within = range(_first(node), (node.end_lineno or node.lineno) + 1)
        return bool(self.changed().intersection(within)) or any(line in within[1:] for line, _ in self.gone)


def _indent(lines: list[str]) -> int:
    return min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)


def _first(node: ast.stmt) -> int:
    return min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from (one.id for one in ast.walk(target) if isinstance(one, ast.Name))


def _functions(node: ast.AST, above: str = "") -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, (*FUNCTIONS, ast.ClassDef))
        name = f"{above}.{child.name}".lstrip(".") if named else above  # type: ignore[attr-defined] # Named nodes.
        if isinstance(child, FUNCTIONS):
            yield name, child
        yield from _functions(child, name)


def mark(changes: Changes, function: str, names: set[str], tree: ast.Module, trace: Path) -> list[Trace]:
    """Make the changed statements of one function leave traces, in files named after `trace`; return them.

    A function in which nothing changes is a road where it reads one of `names`, which the patch changes elsewhere.
    `tree` is the parsed text of the file; it is changed when `insert` is called with all traces of the file.

    Raises:
        RoadError: there is no such function, or the patch changes nothing that it runs.
    """
    found = [node for name, node in _functions(tree) if name == function or name.endswith(f".{function}")]
    if not found:
        raise RoadError(f"there is no function {function}")
    places = [place for node in found for place in _changed_places(node, changes)]
    places = places or [(one, False) for node in found for one in _readers(node, names)][:1]
    if not places:
        raise RoadError(f"the patch changes nothing that {function} runs")
    return [Trace(function, one, after, Path(f"{trace}.{at}")) for at, (one, after) in enumerate(places)]


def insert(tree: ast.Module, traces: list[Trace]) -> str:
    """Return the text of a program in which each statement makes the file of its trace before, or after, it runs."""
    for node in ast.walk(tree):
        for field in BLOCKS:
            block = getattr(node, field, None)
            if isinstance(block, list):
                setattr(node, field, [line for one in block for line in _with_traces(one, traces)])
        if isinstance(node, FUNCTIONS):
            words = 1 if ast.get_docstring(node, clean=False) is not None else 0
            node.body[words:words] = [line for one in traces if one.statement is node for line in one.lines()]
    return ast.unparse(ast.fix_missing_locations(tree))


def _with_traces(statement: ast.stmt, traces: list[Trace]) -> Iterator[ast.stmt]:
    mine = [one for one in traces if one.statement is statement and not isinstance(statement, FUNCTIONS)]
    for one in mine:
        yield from [] if one.after else one.lines()
    yield statement
    for one in mine:
        yield from one.lines() if one.after else []


def _changed_places(function: Function, changes: Changes) -> Iterator[tuple[ast.stmt, bool]]:
    """Give the statements of a function that changed, and whether the trace is left after them."""
    inside = [one for one in ast.walk(function) if isinstance(one, ast.stmt)]
    touched = {id(one): one for line in sorted(changes.changed()) if (one := _innermost(inside, line, line))}
    simple = [one for one in touched.values() if not _has_blocks(one)]
    new = changes.changed()
    for one in simple or touched.values():
        yield one, False
    for one in touched.values() if simple else ():  # A changed head of a block whose lines stayed as they were.
        if isinstance(one, ast.stmt) and _has_blocks(one) and not any(_first(each) in new for each in _lines_of(one)):
            yield one, False
    for line, indent in changes.gone:
        if place := _beside(inside, changes, line, indent):
            yield place


def _beside(inside: list[ast.stmt], changes: Changes, line: int, indent: int) -> tuple[ast.stmt, bool] | None:
    """Return the statement before, or after, which lines were removed."""
    around = _innermost(inside, line - 1, line)
    if around and not _has_blocks(around):
        return around, False
    if not _first(inside[0]) < line <= (inside[0].end_lineno or 0) + 1 or indent <= inside[0].col_offset:
        return None
    block = [one for one in inside if one.col_offset == indent]
    after = min((one for one in block if _first(one) >= line), key=_first, default=None)
    if after and changes.is_indented(range(line, _first(after)), indent):
        return after, False
    before = max((one for one in block if (one.end_lineno or 0) < line), key=_first, default=None)
    if before and changes.is_indented(range((before.end_lineno or 0) + 1, line), indent):
        return before, True
    return (around, False) if around else None


def _innermost(inside: list[ast.stmt], first: int, last: int) -> ast.stmt | None:
    around = [one for one in inside if _first(one) <= first and last <= (one.end_lineno or one.lineno)]
    return max(around, key=lambda one: (_first(one), one.col_offset), default=None)


def _has_blocks(statement: ast.stmt) -> bool:
    return any(getattr(statement, field, None) for field in BLOCKS)


def _lines_of(statement: ast.stmt) -> Iterator[ast.stmt]:
    return (one for one in ast.walk(statement) if isinstance(one, ast.stmt) and one is not statement)


def _readers(function: Function, names: set[str]) -> Iterator[ast.stmt]:
    """Give the statements of a function that read one of these names."""
    for one in ast.walk(function):
        if isinstance(one, ast.stmt) and one is not function and not _has_blocks(one) and _reads(one, names):
            yield one
    if any(_reads(one, names) for one in ast.walk(function) if isinstance(one, ast.expr)):
        yield function


def _reads(node: ast.AST, names: set[str]) -> bool:
    read = (getattr(one, "id", None) or getattr(one, "attr", None) for one in ast.walk(node))
    return any(name in names for name in read)
