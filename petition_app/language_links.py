"""The links that show a page in another language: addresses, or, where a page answers a form, forms that ask again.

Whatever is sent once more must be harmless: a page that says nothing about it has no links, and neither has one that
shows something once.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request, url_for

from petition_app.i18n import LANGUAGES

SAFE = ("GET", "HEAD", "OPTIONS")

# Forms that come back with what is wrong in them: sent once more as they are, they come back again.
REPEATED = frozenset(
    {
        "signatures.submit",
        "claims.claim",
        "reading.search",
        *(
            f"staff.{name}"
            for name in (
                "joining.invite", "petitions.create", "petitions.save", "opening.answer", "words.send", "roster.choose",
                "groups.enter", "exports.export", "bulk.prepare", "desk.decide", "desk.ask", "desk.add_evidence",
                "imports.choose", "sampling.commit", "sampling.draw", "sampling.next_recheck",
                "sampling.record_finding", "sampling.explain_estimate", "verification.seal_batch", "verification.find",
                "verification.retract",
            )
        ),
    }
)  # fmt: skip
# Forms with a file or a passphrase, which no page gives back: their own page is shown anew.
SHOWN_AT = {
    "verification.my_signature": "verification.my",
    "security.login": "security.login",
    "staff.accounts.change_password": "staff.accounts.ask_password",
    "staff.joining.join": "staff.joining.ask",
    "staff.lost_words.find": "staff.lost_words.ask",
    "staff.keys.make_own": "staff.keys.mine",
    "staff.keys.change_passphrase": "staff.keys.mine",
    "staff.keys.recover": "staff.keys.manage",
    "staff.unlock.unlock": "staff.unlock.ask",
    "staff.roster.upload": "staff.roster.show",
    "staff.imports.upload": "staff.imports.show_all",
}


@dataclass(frozen=True)
class Choice:
    """How a page is shown in one language: by a link to `url`, or by a form that sends `fields` there."""

    code: str
    name: str
    url: str
    fields: list[tuple[str, str]] | None = None


def repeat(endpoint: str = "", **fields: str) -> None:
    """Say what is to be sent for this page in another language, where that is not simply the same once more."""
    g.repeated = (endpoint or request.endpoint, list(fields.items()))


def show_once() -> None:
    """Say that this page cannot be shown again, so that no link leads away from it."""
    g.repeated = None


def choices() -> list[Choice]:
    """Return how this page is shown in each language; nothing where it cannot be shown again."""
    endpoint = request.endpoint
    if endpoint is None:
        return _links("staff.accounts.home" if g.get("account") else "tally.home", {})
    if request.method in SAFE:
        query = {name: value for name, value in request.args.items() if name != "endpoint" and name[0:1] != "_"}
        return _links(endpoint, query)
    if "repeated" in g:
        return _links(*_without_query(g.repeated)) if g.repeated else []
    if endpoint in SHOWN_AT:
        return _links(SHOWN_AT[endpoint], {})
    if endpoint in REPEATED and not request.files:
        return _links(endpoint, {}, list(request.form.items(multi=True)))
    return []


def _without_query(repeated: tuple[str, list[tuple[str, str]]]) -> tuple[str, dict[str, str], list[tuple[str, str]]]:
    return repeated[0], {}, repeated[1]


def _links(endpoint: str, query: dict[str, str], fields: list[tuple[str, str]] | None = None) -> list[Choice]:
    place = {**(request.view_args or {}), **({"slug": g.slug} if g.get("slug") else {})} if request.endpoint else {}
    return [
        Choice(code, name, url_for(endpoint, **{**query, **place, "lang": code}), fields)
        for code, name in LANGUAGES.items()
    ]
