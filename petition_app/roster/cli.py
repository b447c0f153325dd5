"""`flask roster …`."""

from __future__ import annotations

from flask import Flask

from petition_app.roster import services as services
from petition_app.shell import Door

group = Door("roster", help="Bring in the list of people who may sign.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(group)
