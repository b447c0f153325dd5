"""Who answers the acts of staff: this server itself, or a program that uses its pages elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

View = Callable[..., Any]


class Backend:
    """The server itself; `create_app` takes another one where pages do something else."""

    publishes = True  # Whether what is public is made from here.

    def init_app(self, app: Flask) -> None:
        """Set up what is this backend's own, before any page of the house is added."""

    def view_for(self, endpoint: str, view: View) -> View:
        """Return what answers at an endpoint; `view` is what does so on the server."""
        return view
