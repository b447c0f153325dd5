"""Contexts of an application, within which domains find what belongs to it."""

from __future__ import annotations

from contextvars import Token
from typing import Any

from flask import Flask
from flask.ctx import AppContext

from petition_app import app_state
from petition_app.app_state import AppState


class ActiveContext(AppContext):
    """A context that makes the state of its application the active one while it is pushed."""

    def __init__(self, app: Flask, state: AppState) -> None:
        super().__init__(app)
        self._state = state
        self._tokens: list[Token[AppState | None]] = []

    def push(self) -> None:
        """Bind the context and the state."""
        self._tokens.append(app_state.activate(self._state))
        super().push()

    def pop(self, *exc: Any) -> None:
        """Unbind the context, and the state after all that is done at its end."""
        try:
            super().pop(*exc)
        finally:
            app_state.deactivate(self._tokens.pop())
