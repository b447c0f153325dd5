"""The shell as a door: commands run in the application, and what goes wrong is one line and exit code 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from flask.cli import AppGroup

from petition_app.errors import DomainError


class Door(AppGroup):
    """A group of commands that turns a domain error into one line."""

    def command(self, name: str, **options: Any) -> Callable[[Callable[..., Any]], click.Command]:  # type: ignore[override] # Narrower on purpose.
        """Declare a command that runs in the application."""
        return super().command(name, cls=Command, **options)


class Command(click.Command):
    """A command whose domain errors are one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except DomainError as error:
            raise click.ClickException(str(error)) from None


door = Door(help="Commands that stand alone.")
