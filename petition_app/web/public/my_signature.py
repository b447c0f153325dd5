"""Pages at /my, where a signer follows the road of a signature with the secret code."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app import maintenance
from petition_app.clock import utcnow
from petition_app.crypto import signer_box
from petition_app.errors import DomainError
from petition_app.petitions.services import list_public
from petition_app.random_pool import random_bytes
from petition_app.signatures import duress_codes
from petition_app.signatures import services as signing
from petition_app.signatures.models import Signature
from petition_app.tally.services import get_publication
from petition_app.verification.desk import evidence
from petition_app.verification.dialogue import questions, second_looks
from petition_app.verification.dialogue.progress import Progress, progress_of, wait
from petition_app.web import language_links
from petition_app.web.forms.cases import MyForm
from petition_app.web.labels import TIER_NUMBERS
from petition_app.web.word_hints import hint

public = Blueprint("my_signature", __name__)

FEW_LETTERS = 10
ACTS = ("answer", "official_code", "second_look", "consent", "second_code", "withdraw")
SHOWS = ("", "show", "draft", "ask_withdraw")  # These change nothing.


@public.get("/my")
def my() -> str:
    """Ask for the secret code."""
    return _ask(MyForm(formdata=None))


@public.get("/my/done")
def done() -> str:
    """Say what a withdrawal has done; the same to everybody, and of no letter."""
    return render_template("public/withdrawn.html")


@public.post("/my")
def my_signature() -> str | Response:
    """Show where a signature is, and do what its signer asks; a withdrawal leads on, since its words end with it."""
    form, is_carried = MyForm(), language_links.is_carried()
    action = "draft" if is_carried else form.action.data or ""
    if is_carried and not form.action.data:
        return _ask(form)
    try:
        signature, entropy = signing.find_by_code(form.code.data or "")
    except signing.UnknownCodeError as error:
        twice = gettext(
            "There is no signature here. If you have just withdrawn it, it is erased; nothing more is to do."
        )
        return _ask_again(form, twice if action == "withdraw" else gettext(error.message))
    problem, second_code = _act(signature, entropy, action, form.value.data or "")
    if signature.code_hash is None:
        return redirect(url_for("my_signature.done"), 303)
    return _show(form, signature, entropy, action, problem, second_code)


def _show(form: MyForm, signature: Signature, entropy: bytes, action: str, problem: str, second_code: str) -> str:
    about = _about(signature, entropy)
    _choose_language(form, problem, about, is_once=bool(second_code))
    typed = form.value.data if problem or action == "draft" else ""
    said = {"asked": action, "problem": problem, "second_code": second_code, "typed": typed}
    return render_template("public/my_signature.html", **about, **said, code=form.code.data)


def _ask_again(form: MyForm, problem: str) -> str:
    """Say that nothing was found; words that cannot be anybody's stay, with what is wrong in them as words."""
    mistake = hint(form.code.data or "")
    form.code.data = form.code.data if mistake else ""
    form.code.errors = [f"{problem} {mistake}".strip()]
    return _ask(form)


def _ask(form: MyForm) -> str:
    """Ask for the words, and say whom to turn to who has lost them; where there are many letters, each says it."""
    language_links.carry("code-form", "my_signature.my_signature")
    named = [petition for petition in list_public() if petition.names_contact]
    return render_template(
        "public/find_my_signature.html", form=form, letters=named if len(named) <= FEW_LETTERS else []
    )


def _choose_language(form: MyForm, problem: str, about: dict[str, Any], *, is_once: bool) -> None:
    """Say how the page is shown in another language: no act is done twice for it, and what is shown once stays."""
    fields = {"code": form.code.data or "", "action": "show"}
    if problem or form.action.data == "ask_withdraw":
        fields |= {"action": form.action.data or "", "value": form.value.data or ""}
    if is_once:
        language_links.show_once()
    elif about["may_write"] and form.action.data != "ask_withdraw":
        language_links.carry("own-words", "my_signature.my_signature")
    else:
        language_links.repeat(**fields)


def _act(signature: Signature, entropy: bytes, action: str, value: str) -> tuple[str, str]:
    """Do what the signer asks; return what went wrong, in words, with nothing changed, and a second code if made."""
    try:
        if action in ACTS and action != "withdraw":
            maintenance.require_changes()
        if action == "answer":
            questions.answer(signature, value, at=utcnow())
        elif action == "official_code":
            evidence.answer_contact(signature, value, at=utcnow())
        elif action == "second_look":
            second_looks.ask(signature, value, at=utcnow())
        elif action == "consent":
            tier = TIER_NUMBERS.get(value, -1)
            signing.change_consent(signature, consent=tier, entropy=entropy, at=utcnow())
        elif action == "second_code":
            return "", duress_codes.issue(signature, entropy, page=value)
        elif action == "withdraw":
            second_looks.withdraw(signature, at=utcnow())
        elif action not in SHOWS:
            return gettext("Please use one of the buttons. Nothing was changed."), ""
    except DomainError as error:
        return str(gettext(error.message)), ""
    return "", ""


def _about(signature: Signature, entropy: bytes) -> dict[str, Any]:
    """Return all that a signer sees of a signature."""
    mine, now = progress_of(signature), utcnow()
    why = second_looks.why_not_counted(signature)
    key = signer_box.signer_keys(entropy, signature.petition_id)
    return {
        "mine": mine,
        "page": random_bytes(16).hex(),
        "open": mine.petition.takes_signatures(mine.petition.day(now)),
        "questions": questions.questions_for(signature, key),
        "official_code": signature.state in ("checking", "needs_info") and evidence.contact_waits(signature, at=now),
        "why": why,
        "may_write": signature.state == "needs_info" or bool(why and why.readable and not why.waiting),
        **_speed(mine),
    }


def _speed(mine: Progress) -> dict[str, object]:
    """Return the published speed and, while it is checked, how many come before; nothing newer than what is public."""
    published, ahead = get_publication(mine.petition), None
    if published and mine.batch and mine.signature.state in ("checking", "needs_info"):
        ahead = wait(mine.batch.number, published.tally, published.speed)
    return {
        "as_of": published.as_of if published else None,
        "speed": published.speed if published else None,
        "wait": ahead,
    }
