"""What is written of an error: its kind and where it happened in our own code, never its words.

The words of an error hold what was asked for: a database's names the values of a statement, a parser's the text it
could not read. So each process writes through one formatter, and what nobody caught is written by it, too.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

OURS = Path(__file__).parent
# Granian writes with loggers and handlers of its own.
GRANIAN: dict[str, Any] = {
    "formatters": {name: {"()": "petition_app.logs.Formatter"} for name in ("generic", "access")},
}

logger = logging.getLogger(__name__)


class Formatter(logging.Formatter):
    """One line for what happened; for an error its kind, and those places of its road that are ours."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- the library's name.
        """Return the kind of an error and its places in our code, and the same for those that led to it."""
        return "\n".join(("Traceback, without words and through our own code only:", *_told(ei[1]))) if ei[1] else ""

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 -- the library's name.
        """Return nothing: a stack quotes lines."""
        return ""


def configure() -> None:
    """Let everything that this process writes of errors go through the formatter, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    warnings.showwarning = _warned
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda found: _note(found.exc_value)
    threading.excepthook = lambda found: _note(found.exc_value)


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: Any = None,
    line: str | None = None,
) -> None:
    """Write of a warning what it is and where; its words may quote values."""
    logger.warning("%s at %s:%d", category.__name__, filename, lineno)


def _uncaught(kind: type[BaseException], error: BaseException, road: TracebackType | None) -> None:
    """Write an error that ends the process; whoever pressed Ctrl-C knows it."""
    if issubclass(kind, KeyboardInterrupt):
        return
    _note(error)


def _note(error: BaseException | None) -> None:
    if error is not None:
        logger.error("Nobody caught an error.", exc_info=(type(error), error, error.__traceback__))


def _told(error: BaseException, seen: frozenset[int] = frozenset()) -> Iterator[str]:
    """Give the kind of an error, the places, and what led to it. An error of ours may be named; its words are not."""
    yield f"  {type(error).__module__}.{type(error).__name__}".replace("builtins.", "")
    for place in traceback.extract_tb(error.__traceback__):
        path = Path(place.filename)
        if path.is_relative_to(OURS):
            yield f"    at {path.relative_to(OURS.parent)}:{place.lineno} in {place.name}"
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield "  after"
        yield from _told(before, seen | {id(error)})
