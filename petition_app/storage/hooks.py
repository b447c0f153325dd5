"""What one application does around its transactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class TransactionHooks:
    """Called by `db.transaction`; registered by `app.py`.

    `after_change` once it has changed what is remembered; `before_erasure` inside one that erases, `after_erasure`
    after it; `after_commit` for each petition whose public side it changed.
    """

    after_change: Callable[[], object] = _nothing
    before_erasure: tuple[Callable[[], object], ...] = ()
    after_erasure: tuple[Callable[[], object], ...] = ()
    after_commit: tuple[Callable[[UUID], object], ...] = ()
