"""`flask verification measure`: how well matching does on a folder whose truth is known."""

from __future__ import annotations

from flask import Flask

from petition_app.shell import Door

group = Door("verification", help="Measure the matching, estimate from a sample. Needs no database.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(group)
