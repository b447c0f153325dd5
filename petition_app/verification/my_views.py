"""Pages at /my, where a signer follows the road of a signature with the secret code."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext

from petition_app import vault
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.signatures import services as signing
from petition_app.signatures.models import Signature
from petition_app.verification import questions
from petition_app.verification.forms import TIER_NUMBERS, WORDS, MyForm
from petition_app.verification.road import road

public = Blueprint("verification", __name__)


@public.get("/my")
def my() -> str:
    """Ask for the secret code."""
    return render_template("verification/my.html", form=MyForm(formdata=None))


@public.post("/my")
def my_signature() -> str:
    """Show where a signature is, and do what its signer asks."""
    form = MyForm()
    try:
        signature, entropy = signing.find_by_code(form.code.data or "")
    except signing.UnknownCodeError as error:
        form.code.errors = [gettext(error.message)]
        return render_template("verification/my.html", form=form)
    problem = _act(signature, form.action.data or "", form.value.data or "")
    key = vault.signer_keys(entropy, signature.petition_id)
    return render_template(
        "verification/my_signature.html",
        mine=road(signature), questions=questions.questions_for(signature, key),
        code=form.code.data, asked=form.action.data, problem=problem, words=WORDS,
    )  # fmt: skip


def _act(signature: Signature, action: str, value: str) -> str:
    """Do what the signer asks; return what went wrong, in words, with nothing changed."""
    try:
        if action == "answer":
            questions.answer(signature, value, at=utcnow())
        elif action == "consent":
            signing.change_consent(signature, consent=TIER_NUMBERS.get(value, -1), at=utcnow())
        elif action == "withdraw":
            signing.withdraw(signature, at=utcnow())
    except DomainError as error:
        return str(gettext(error.message))
    return ""
