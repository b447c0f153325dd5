"""The links that show a page in another language: addresses, or, where a page answers a form, forms that ask again.

Where somebody is filling in a form, it is that form which is sent, as it stands, to be shown in the other language: so
nothing typed is lost. It is not checked and not taken, and nothing of it stands in an address.

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
        "sign.submit",
        "not_me.claim",
        "reading.search",
        *(
            f"staff.{name}"
            for name in (
                "people.invite", "petition.create", "petition.save", "opening.answer", "announcements.send",
                "drafting.begin", "drafting.save", "people.invite_several",
                "roster.choose", "invitation_lists.enter", "exports.export", "bulk.prepare", "desk.decide",
                "desk.ask", "desk.add_evidence", "desk.hold", "desk.search_roster",
                "imports.choose", "imports.start", "roster.use", "samples.commit", "samples.draw",
                "samples.next_recheck", "samples.record_finding", "samples.explain_estimate", "batches.seal_batch",
                "batches.find", "batches.retract",
            )
        ),
    }
)  # fmt: skip
# Forms with a file or a passphrase, which no page gives back: their own page is shown anew.
SHOWN_AT = {
    "my_signature.my_signature": "my_signature.my",
    "security.login": "security.login",
    "staff.account.change_password": "staff.account.ask_password",
    "staff.own_settings.begin_notices": "staff.own_settings.show",
    "staff.people.join": "staff.people.ask",
    "staff.lost_codes.find": "staff.lost_codes.ask",
    "staff.batches.look_up": "staff.batches.decided",
    "staff.keys.make_own": "staff.keys.mine",
    "staff.keys.change_passphrase": "staff.keys.mine",
    "staff.keys.recover": "staff.keys.manage",
    "staff.unlock.unlock": "staff.unlock.ask",
    "staff.roster.upload": "staff.roster.show",
    "staff.imports.upload": "staff.imports.show_all",
}


# What the button of such a form says beside it.
CARRIED = "only_language"


@dataclass(frozen=True)
class Choice:
    """How a page is shown in one language: by a link to `url`, or by a form that sends `fields` there.

    With `form`, the id of a form on the page, that one is sent there as it is filled in.
    """

    code: str
    name: str
    url: str
    fields: list[tuple[str, str]] | None = None
    form: str = ""


def carry(form: str, endpoint: str) -> None:
    """Say that the form of this id, as it is filled in, is sent to an endpoint for this page in another language."""
    g.carried = form, endpoint


def is_carried() -> bool:
    """Return whether a form was sent only to be shown in another language, so that it must not be taken."""
    return CARRIED in request.form


def repeat(endpoint: str = "", **fields: str) -> None:
    """Say what is to be sent for this page in another language, where that is not simply the same once more."""
    g.repeated = (endpoint or request.endpoint, list(fields.items()))


def show_once() -> None:
    """Say that this page cannot be shown again, so that no link leads away from it."""
    g.repeated = None
    g.pop("carried", None)


def choices() -> list[Choice]:
    """Return how this page is shown in each language; nothing where it cannot be shown again."""
    endpoint = request.endpoint
    if endpoint is None:
        return _links("staff.account.home" if g.get("account") else "letter.home", {})
    if "carried" in g:
        form, target = g.carried
        return _links(target, {}, form=form)
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


def _links(
    endpoint: str, query: dict[str, str], fields: list[tuple[str, str]] | None = None, *, form: str = ""
) -> list[Choice]:
    place = {**(request.view_args or {}), **({"slug": g.slug} if g.get("slug") else {})} if request.endpoint else {}
    return [
        Choice(code, name, url_for(endpoint, **{**query, **place, "lang": code}), fields, form)
        for code, name in LANGUAGES.items()
    ]
