"""What is wrong with typed words as words: it follows from them alone, and tells nothing about anybody."""

from __future__ import annotations

from flask_babel import ngettext

from petition_app.crypto.codes import split_words, unknown_positions

TWELVE = 12
NEAR = range(6, 25)  # So many words were meant to be the twelve; what is further off is something else.


def hint(typed: str) -> str:
    """Return what to look at in words that cannot be anybody's; nothing of twelve that exist, whosever they are."""
    words = split_words(typed)
    if len(words) not in NEAR:
        return ""
    if (many := len(words)) != TWELVE:
        return str(
            ngettext("That is %(num)s word; there are twelve.", "That is %(num)s words; there are twelve.", many)
        )
    if unknown := unknown_positions(words):
        return str(
            ngettext(
                "Word %(positions)s stands in no list. Please compare it with what you wrote down.",
                "Words %(positions)s stand in no list. Please compare them with what you wrote down.",
                len(unknown),
                positions=", ".join(map(str, unknown)),
            )
        )
    return ""
