"""The cards of a printed sheet: a name, its code, and the same as a QR code."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import segno

from petition_app.signatures.invitation_lists import Invitation

QUIET = 4  # The empty border a reader needs, in modules (ISO/IEC 18004).


@dataclass(frozen=True)
class Card:
    """One card: `picture` is an SVG of the QR code, without any style of its own."""

    name: str
    code: str
    picture: str


def draw_cards(invitations: Iterable[Invitation], *, address: str) -> list[Card]:
    """Draw the cards of a sheet. The code follows the address as a fragment, which browsers send to no server."""
    return [Card(one.name, one.code, draw(f"{address}#{one.code}")) for one in invitations]


def draw(text: str) -> str:
    """Return a QR code as SVG, black on white in any scheme."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        picture, kind="svg", xmldecl=False, svgns=False, svgclass="qr", lineclass=None, omitsize=True, light="#fff",
        border=QUIET, nl=False,
    )  # fmt: skip
    return picture.getvalue().decode()
