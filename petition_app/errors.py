"""What can go wrong in the domain, as types; every message says what to do."""

from __future__ import annotations

from collections.abc import Mapping

from petition_app.i18n import N_


class DomainError(Exception):
    """An act that cannot be done. `message` is translatable; `values` fills its placeholders."""

    message = N_("This cannot be done.")

    def __init__(self, **values: object) -> None:
        self.values: Mapping[str, object] = values
        super().__init__(self.message % values if values else self.message)


class NotFoundError(DomainError):
    """There is no such thing, or the actor may not see it."""

    message = N_("There is nothing here.")


class NotAllowedError(NotFoundError):
    """The actor's role does not allow the act; outsiders are told there is nothing here."""


class StorageSealedError(DomainError):
    """Nothing can be sealed now, so nothing is stored."""

    message = N_("The server cannot seal signatures at the moment, so nothing was stored. Please try again later.")
