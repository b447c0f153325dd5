"""The form of a bulk act: which cases."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, SelectField

from petition_app.verification.bulk.choice import Filter

ALL = "all"
MATCH_WORDS = {
    "strong": lazy_gettext("Strong matches only"),
    "possible": lazy_gettext("Strong and possible matches"),
}
LEAST_WORDS = {
    "0": lazy_gettext("None is needed"),
    "1": lazy_gettext("Any, weak or stronger"),
    "2": lazy_gettext("Fair or stronger"),
    "3": lazy_gettext("Strong only"),
}
STATE_WORDS = {
    "waiting": lazy_gettext("not started"),
    "running": lazy_gettext("running"),
    "cancelled": lazy_gettext("cancelled"),
    "done": lazy_gettext("done"),
    "undoing": lazy_gettext("being taken back"),
    "undone": lazy_gettext("taken back"),
}
SKIPPED_WORDS = {
    "held": lazy_gettext("held by somebody at the desk at that moment"),
    "moved": lazy_gettext("decided, withdrawn or asked a question meanwhile"),
    "changed": lazy_gettext("no longer fitted the filter"),
    "alike": lazy_gettext("may be the same person as another signature"),
    "policy": lazy_gettext("less was found than the petition asks for"),
    "own": lazy_gettext("you had decided it, or vouched for the person"),
}
LEFT_OUT_WORDS = {
    "unmatched": lazy_gettext("not matched with the roster in use yet"),
    "asked": lazy_gettext("their signer was asked a question"),
    "held": lazy_gettext("held by somebody at the desk"),
    "own": lazy_gettext("decided by you, or you vouched for the signer"),
    "alike": lazy_gettext("share a mailbox, a name or a roster entry with another signature"),
    "several": lazy_gettext("fit more than one roster entry"),
    "not_on_roster": lazy_gettext("fit no roster entry well enough"),
    "policy": lazy_gettext("less was found than this petition asks for"),
    "filter": lazy_gettext("the filter asks for a better match or more evidence"),
}


def words_for_batch(number: int) -> str:
    """Return what a batch is called."""
    return str(lazy_gettext("Batch %(number)s", number=number) if number else lazy_gettext("Initial signatories"))


class BulkForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """The filter: batch, class of match, least evidence."""

    batch = SelectField(lazy_gettext("Of which batch?"))
    match = RadioField(
        lazy_gettext("How well must the name fit the roster?"),
        choices=[SelectChoice(value, words) for value, words in MATCH_WORDS.items()],
        default="strong",
    )
    strength = RadioField(
        lazy_gettext("Which evidence must there be that it is this person?"),
        choices=[SelectChoice(value, words) for value, words in LEAST_WORDS.items()],
        default="2",
    )

    def __init__(self, *, batches: Iterable[int]) -> None:
        """Offer the petition's batches."""
        super().__init__()
        self.batch.choices = [
            SelectChoice(ALL, lazy_gettext("All batches")),
            *(SelectChoice(str(number), words_for_batch(number)) for number in batches),
        ]

    def to_filter(self) -> Filter:
        """Return the filter as the service takes it."""
        return Filter(
            batch=None if self.batch.data == ALL else int(self.batch.data),
            match=self.match.data,
            strength=int(self.strength.data),
        )
