"""What changed between two versions of a text, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

_PIECES = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A stretch of text: `kept`, `added` or `removed`."""

    kind: str
    text: str


@lru_cache(maxsize=64)
def compare(before: str, after: str) -> tuple[Piece, ...]:
    """Return both texts as one, in order: what was kept, what was removed and what was added instead.

    Paragraphs are compared first and only those that differ word by word, so that long texts stay quick.
    """
    found: list[Piece] = []
    for kind, old, new in _blocks(_paragraphs(before), _paragraphs(after)):
        if kind == "replace":
            for inner, was, now in _blocks(_PIECES.findall("".join(old)), _PIECES.findall("".join(new))):
                _add(found, inner, "".join(was), "".join(now))
        else:
            _add(found, kind, "".join(old), "".join(new))
    return tuple(_joined(found))


def _paragraphs(text: str) -> list[str]:
    return re.split(r"(?<=\n)(?=[^\n])", text.replace("\r\n", "\n").strip() + "\n")


def _blocks(before: list[str], after: list[str]) -> list[tuple[str, list[str], list[str]]]:
    matcher = SequenceMatcher(None, before, after)
    return [(kind, before[a:b], after[c:d]) for kind, a, b, c, d in matcher.get_opcodes()]


def _add(found: list[Piece], kind: str, before: str, after: str) -> None:
    if kind == "equal":
        found.append(Piece("kept", before))
    else:
        found += [Piece(kind, text) for kind, text in (("removed", before), ("added", after)) if text]


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Join what two changes have only a space between, so that a changed phrase is read as one."""
    found: list[Piece] = []
    removed = added = ""
    for index, piece in enumerate(pieces):
        between = piece.kind == "kept" and piece.text == " " and (removed or added) and index + 1 < len(pieces)
        if piece.kind == "kept" and not between:
            found += [Piece(kind, text) for kind, text in (("removed", removed), ("added", added)) if text]
            removed = added = ""
            found.append(piece)
        else:
            removed += piece.text if piece.kind != "added" else ""
            added += piece.text if piece.kind != "removed" else ""
    return found + [Piece(kind, text) for kind, text in (("removed", removed), ("added", added)) if text]
