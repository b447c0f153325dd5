"""Fold stored names anew after an update that changed how names are compared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from petition_app.signatures import refolding
from petition_app.storage import jobs
from petition_app.tally import spelled_names

NAME = "names.refold"
PARTS: dict[str, Callable[[UUID | None], UUID | None]] = {
    "published": spelled_names.refold_slice,
    "signatures": refolding.refold_slice,
}


def refold(payload: dict[str, Any], at: datetime) -> None:
    """Do a slice, and leave what follows to a job of its own; killed in between it goes on where it was."""
    part, after = payload["part"], payload.get("after")
    last = PARTS[part](UUID(after) if after else None)
    following = list(PARTS)[list(PARTS).index(part) + 1 :]
    if last:
        jobs.enqueue(NAME, {"part": part, "after": str(last)}, at=at)
    elif following:
        jobs.enqueue(NAME, {"part": following[0]}, at=at)
