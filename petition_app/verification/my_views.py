"""Pages at /my, where a signer follows the road of a signature with the secret code."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext

from petition_app import language_links, switches, vault
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions.services import list_public
from petition_app.signatures import second_codes
from petition_app.signatures import services as signing
from petition_app.signatures.models import Signature
from petition_app.tally.services import get_publication
from petition_app.verification import evidence, questions, second_look
from petition_app.verification.forms import MyForm
from petition_app.verification.road import Road, road, wait
from petition_app.verification.words import TIER_NUMBERS

public = Blueprint("verification", __name__)

FEW_LETTERS = 10
ACTS = ("answer", "official_code", "second_look", "consent", "second_code", "withdraw")
SHOWS = ("", "show", "ask_withdraw")  # These change nothing.


@public.get("/my")
def my() -> str:
    """Ask for the secret code."""
    return _ask(MyForm(formdata=None))


@public.post("/my")
def my_signature() -> str:
    """Show where a signature is, and do what its signer asks."""
    form = MyForm()
    try:
        signature, entropy = signing.find_by_code(form.code.data or "")
    except signing.UnknownCodeError as error:
        form.code.data, form.code.errors = "", [gettext(error.message)]
        return _ask(form)
    problem, second_code = _act(signature, entropy, form.action.data or "", form.value.data or "")
    _choose_language(form, problem, is_once=bool(second_code) or not signature.code_hash)
    return render_template(
        "verification/my_signature.html",
        **_about(signature, entropy), code=form.code.data, asked=form.action.data, problem=problem,
        second_code=second_code, typed=form.value.data if problem else "",
    )  # fmt: skip


def _ask(form: MyForm) -> str:
    """Ask for the words, and say whom to turn to who has lost them; where there are many letters, each says it."""
    named = [petition for petition in list_public() if petition.names_contact]
    return render_template("verification/my.html", form=form, letters=named if len(named) <= FEW_LETTERS else [])


def _choose_language(form: MyForm, problem: str, *, is_once: bool) -> None:
    """Say how the page is shown in another language: no act is done twice for it, and what is shown once stays."""
    fields = {"code": form.code.data or "", "action": "show"}
    if problem or form.action.data == "ask_withdraw":
        fields |= {"action": form.action.data or "", "value": form.value.data or ""}
    if is_once:
        language_links.show_once()
    else:
        language_links.repeat(**fields)


def _act(signature: Signature, entropy: bytes, action: str, value: str) -> tuple[str, str]:
    """Do what the signer asks; return what went wrong, in words, with nothing changed, and a second code if made."""
    try:
        if action in ACTS and action != "withdraw":
            switches.require_changes()
        if action == "answer":
            questions.answer(signature, value, at=utcnow())
        elif action == "official_code":
            evidence.answer_contact(signature, value, at=utcnow())
        elif action == "second_look":
            second_look.ask(signature, value, at=utcnow())
        elif action == "consent":
            tier = TIER_NUMBERS.get(value, -1)
            signing.change_consent(signature, consent=tier, entropy=entropy, at=utcnow())
        elif action == "second_code":
            return "", second_codes.give(signature)
        elif action == "withdraw":
            second_look.withdraw(signature, at=utcnow())
        elif action not in SHOWS:
            return gettext("Please use one of the buttons. Nothing was changed."), ""
    except DomainError as error:
        return str(gettext(error.message)), ""
    return "", ""


def _about(signature: Signature, entropy: bytes) -> dict[str, object]:
    """Return all that a signer sees of a signature."""
    mine, now = road(signature), utcnow()
    key = vault.signer_keys(entropy, signature.petition_id)
    return {
        "mine": mine,
        "open": mine.petition.takes_signatures(now.date()),
        "questions": questions.questions_for(signature, key),
        "official_code": signature.state in ("checking", "needs_info") and evidence.contact_waits(signature, at=now),
        "gone": signature.code_hash is None,
        "why": second_look.why_not_counted(signature),
        **_speed(mine),
    }


def _speed(mine: Road) -> dict[str, object]:
    """Return the published speed and, while it is checked, how many come before; nothing newer than what is public."""
    published, ahead = get_publication(mine.petition), None
    if published and mine.batch and mine.signature.state in ("checking", "needs_info"):
        ahead = wait(mine.batch.number, published.tally, published.speed)
    return {
        "as_of": published.as_of if published else None,
        "speed": published.speed if published else None,
        "wait": ahead,
    }
