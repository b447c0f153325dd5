"""Uploaded files: sealed row by row, admitted, taken back, forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from petition_app.imports import files as import_files
from petition_app.imports import runs as import_runs
from petition_app.imports import undo_import as undoing
from petition_app.worker.rounds import Each

# Files of signatures that were uploaded more than a day ago and never used.
forget_imports = Each(
    "signatures.forget_imports",
    find=lambda at: import_files.list_old(at=at),
    act=lambda import_id, _at: import_files.forget(import_id),
)


def run_import(payload: dict[str, Any], at: datetime) -> None:
    """Seal the next rows of an uploaded file, or turn them all into signatures."""
    import_runs.run_slice(payload, at=at)


def undo_import(payload: dict[str, Any], at: datetime) -> None:
    """Take an import back."""
    undoing.run_undo(UUID(payload["import_id"]), by=UUID(payload["by"]), at=at)
