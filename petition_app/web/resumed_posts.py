"""What somebody of the staff typed, when the session has ended or the keys are locked: sealed in the page, for minutes.

Nothing is stored. The page that asks for the password or the passphrase carries the form along, sealed under a key of
this server; once that was given, the form comes back, and nothing is sent by itself.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import g, make_response, render_template, request, url_for
from flask_login import user_logged_in
from flask_security import current_user
from werkzeug.wrappers import Response

from petition_app import config
from petition_app.clock import utcnow
from petition_app.crypto import vault
from petition_app.crypto.fingerprints import purpose_key
from petition_app.crypto.vault import UnreadableError
from petition_app.keys import member_keys
from petition_app.web.forms.accounts import SignInForm
from petition_app.web.forms.keys import UnlockForm
from petition_app.web.language_links import REPEATED, show_once

FIELD = "kept"
LASTS = timedelta(minutes=15)
PART, LARGEST = 12_000, 36_000  # Letters of one field, and of all.
NOT_KEPT = ("csrf_token", FIELD, "password_again")
CASE = ("desk.decide", "desk.ask", "desk.add_evidence", "desk.search_roster", "desk.hold")
BOUND = b"kept-form/v1"


@dataclass(frozen=True)
class KeptForm:
    """A form that was not taken: where it was sent, and its fields in their order."""

    endpoint: str
    place: dict[str, Any]
    fields: list[tuple[str, str]]

    @property
    def of_case(self) -> bool:
        """Whether it belongs to a case, whose page shows it again."""
        return self.endpoint.removeprefix("staff.") in CASE

    @property
    def back(self) -> str:
        """Return the address to which its button leads: the page of the case, else where it was sent before."""
        return url_for("staff.desk.hold" if self.of_case else self.endpoint, **self.place)

    def texts(self) -> list[str]:
        """Return what was written by hand: all that is longer than a word."""
        return [value for _, value in self.fields if " " in value.strip() or "\n" in value]


def seal() -> list[str]:
    """Return the form of this request, sealed, in parts; nothing where it says nothing or cannot be kept."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_KEPT]
    if not _is_kept() or request.files or not any(value.strip() for _, value in fields):
        return []
    who = g.get("ended") or (g.account.id if g.get("account") else None)
    place = {name: str(value) for name, value in (request.view_args or {}).items()}
    place |= {"slug": g.slug} if g.get("slug") else {}
    content = {"endpoint": request.endpoint, "place": place, "fields": fields,
               "who": str(who or ""), "at": int(utcnow().timestamp())}  # fmt: skip
    box = vault.encrypt(_keys()[0], json.dumps(content).encode(), BOUND)
    text = base64.urlsafe_b64encode(box).decode()
    return [text[start : start + PART] for start in range(0, len(text), PART)] if len(text) <= LARGEST else []


def _is_kept() -> bool:
    name = request.endpoint or ""
    return name in REPEATED or name.removeprefix("staff.") in CASE


def read(account_id: UUID) -> KeptForm | None:
    """Return the form that this request carries along, if it is this person's and no older than fifteen minutes."""
    text = "".join(request.form.getlist(FIELD))
    for key in _keys() if text else ():
        try:
            found = json.loads(vault.decrypt(key, base64.urlsafe_b64decode(text), BOUND))
        except (UnreadableError, ValueError):
            continue
        is_fresh = 0 <= utcnow().timestamp() - found["at"] <= LASTS.total_seconds()
        if not is_fresh or found["who"] not in ("", str(account_id)):
            return None
        return KeptForm(found["endpoint"], found["place"], [(name, value) for name, value in found["fields"]])
    return None


def _keys() -> list[bytes]:
    settings = config.current()
    return [purpose_key(key, "kept-form") for key in (settings.secret_key, *settings.secret_key_fallbacks)]


def ask_to_sign_in() -> Response | None:
    """Return the page of sign-in that carries the form of this request along, if there is anything to keep."""
    kept = seal()
    if not kept:
        return None
    show_once()
    page = render_template("staff/login.html", login_user_form=SignInForm(formdata=None), kept=kept)
    return make_response(page, 401)


def ask_for_keys() -> Response | None:
    """Return the page of the passphrase that carries the form of this request along, if there is anything to keep."""
    kept = seal()
    if not kept:
        return None
    show_once()
    key = member_keys.get_account_key(g.account)
    page = render_template("staff/unlock.html", form=UnlockForm(formdata=None), next="", key=key, kept=kept)
    return make_response(page, 401)


def show() -> Response | None:
    """Return the page that gives the form back which this request has carried along."""
    account = current_user if current_user.is_authenticated else None
    kept = read(account.id) if account else None
    if kept is None:
        return None
    show_once()
    g.gives_back = True
    return make_response(render_template("staff/kept_form.html", kept=kept))


def init_app(app: Any) -> None:
    """Have the page that follows a sign-in give a form back, and let templates carry one along."""
    user_logged_in.connect(_note_sign_in, app)
    app.after_request(_show_after_sign_in)
    app.jinja_env.globals["kept_parts"] = lambda: request.form.getlist(FIELD)


def _note_sign_in(_app: Any, **_: Any) -> None:
    g.gives_back = True


def _show_after_sign_in(response: Response) -> Response:
    if not (g.get("gives_back") and response.status_code in (302, 303)):
        return response
    page = show()
    if page is None:
        return response
    for value in response.headers.getlist("Set-Cookie"):
        page.headers.add("Set-Cookie", value)
    return page
