"""Errors of domains, in the words of the reader."""

from __future__ import annotations

from flask_babel import gettext

from petition_app.errors import DomainError


def explain(error: DomainError) -> str:
    """Return what a domain error says, in the language of the request."""
    values = {name: gettext(value) if isinstance(value, str) else value for name, value in error.values.items()}
    return str(gettext(error.message)) % values if values else str(gettext(error.message))
