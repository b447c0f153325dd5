"""Hangs views on audiences with their guards; languages, headers and error pages."""

from __future__ import annotations

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    flash,
    g,
    redirect,
    request,
    url_for,
)
from flask_babel import Babel, format_date, format_datetime, format_decimal, gettext
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response as AnyResponse

from petition_app import config, error_pages, language_links, probes, switches
from petition_app.accounts import approval_views, desk_tokens, fresh, join_views, sign_in
from petition_app.accounts import views as accounts
from petition_app.accounts.services import note_seen
from petition_app.addresses import absolute
from petition_app.bounds import is_said_once, is_text
from petition_app.clock import utcnow
from petition_app.db import save_from_here
from petition_app.errors import NotFoundError
from petition_app.headers import ALONE, FRAMED
from petition_app.i18n import LANGUAGES, choose_language
from petition_app.keys import holding, opened
from petition_app.keys import views as keys
from petition_app.language_links import SAFE
from petition_app.petitions import (
    freeze_views,
    help_views,
    mail_views,
    opening_views,
    rehearsal_views,
    switch_views,
    words_views,
)
from petition_app.petitions import views as petitions
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.services import get_for_staff
from petition_app.roles import (
    ALWAYS,
    FRESH,
    HOLDS_KEYS,
    IN_GROUPS,
    LOCAL,
    NEEDS_KEYS,
    OPEN,
    REMOTE,
    ROLES,
    SIGN_IN,
    SIGNED_IN,
    WHILE_FROZEN,
)
from petition_app.roster import views as roster
from petition_app.security import limits
from petition_app.signatures import group_views
from petition_app.signatures import views as signatures
from petition_app.tally import claim_views, export_views, reading_views
from petition_app.tally import views as tally
from petition_app.verification import (
    bulk_views,
    desk_views,
    import_views,
    lost_words_views,
    my_views,
    remote_views,
    sampling_views,
    second_look_views,
)
from petition_app.verification import views as verification

WRONG_TOKENS = "20 per hour"
PUBLIC = (probes.public, tally.public, reading_views.public, claim_views.public, signatures.public, my_views.public)
STAFF = (
    accounts.staff,
    approval_views.staff,
    join_views.staff,
    keys.staff,
    petitions.staff,
    switch_views.staff,
    words_views.staff,
    mail_views.staff,
    freeze_views.staff,
    opening_views.staff,
    help_views.staff,
    rehearsal_views.staff,
    verification.staff,
    desk_views.staff,
    bulk_views.staff,
    sampling_views.staff,
    group_views.staff,
    second_look_views.staff,
    lost_words_views.staff,
    roster.staff,
    import_views.staff,
    export_views.staff,
    claim_views.staff,
    tally.staff,
)

csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    """Hang every view on its audience."""
    Babel(app, locale_selector=lambda: language(), default_translation_directories="translations")
    csrf.init_app(app)
    for blueprint in PUBLIC:
        app.register_blueprint(blueprint)
    mount = Blueprint("staff", __name__, url_prefix="/organizer")
    for blueprint in (*STAFF, *((keys.unlocks,) if config.current().unlock_on_server else ())):
        mount.register_blueprint(blueprint)
    holding.init_app(app)
    app.register_blueprint(mount)
    app.register_blueprint(remote_views.remote)
    app.add_url_rule("/favicon.ico", "favicon", lambda: redirect(url_for("static", filename="mark.svg"), 301))
    app.before_request(_guard)
    app.url_defaults(_carry_language)
    app.context_processor(
        lambda: {
            "lang": language(),
            "languages": LANGUAGES,
            "LANGUAGE_CHOICES": language_links.choices,
            "absolute": absolute,
        }
    )
    app.jinja_env.filters.update(
        moment=lambda moment: format_datetime(moment, "d MMMM y, HH:mm") + " UTC",
        day=lambda day: format_date(day, "d MMMM y"),
        number=format_decimal,
    )
    app.after_request(_headers)
    app.after_request(_note_seen)
    error_pages.init_app(app)


# --- languages --------------------------------------------------------------------------------------------------


def language() -> str:
    """Return the language of this request's answer."""
    if "lang" not in g:
        accepted = [tag for tag, _quality in request.accept_languages] if request else []
        g.lang = choose_language(request.args.get("lang") if request else None, accepted)
    return str(g.lang)


def _carry_language(endpoint: str, values: dict[str, object]) -> None:
    if request and request.args.get("lang") in LANGUAGES and not endpoint.endswith("static"):
        values.setdefault("lang", request.args["lang"])


# --- audiences --------------------------------------------------------------------------------------------------


def _guard() -> AnyResponse | None:
    """Close the staff pages to strangers, and the public forms to other sites."""
    name = request.endpoint or ""
    is_on = switches.was_on if name == IN_GROUPS else switches.is_on  # Whoever writes a group looks again.
    if request.method not in SAFE and name not in ALWAYS and is_on(switches.READ_ONLY):
        raise switches.ReadOnlyError
    if name.startswith("remote."):
        _guard_remote(name)
    elif name.startswith("staff."):
        return _guard_staff(name.removeprefix("staff."))
    elif name.startswith("security."):
        _keep_out_other_sites()
        sign_in.signed_in()
        if request.method not in SAFE:
            csrf.protect()
        if name not in SIGN_IN:
            raise NotFoundError
    elif request.method not in SAFE:
        _keep_out_other_sites()
    return None


def _guard_staff(name: str) -> AnyResponse | None:
    account = sign_in.signed_in()
    if account is None and name not in OPEN:
        return redirect(url_for("security.login", next=request.path if request.method == "GET" else None))
    _keep_out_other_sites()
    if request.method not in SAFE:
        csrf.protect()
        is_once = is_said_once(name for name, _ in request.form.items(multi=True))
        if not (is_once and all(is_text(value) for value in request.form.values())):
            abort(400)
    if account is None:
        return None
    g.account, g.petition, g.role = account, None, None
    g.slug = (request.view_args or {}).pop("slug", None)
    if g.slug is not None:
        g.petition, g.role = get_for_staff(g.slug, by=account)
    if name not in SIGNED_IN | OPEN and g.role not in (ROLES | LOCAL).get(name, frozenset()):
        raise NotFoundError
    if name in HOLDS_KEYS and not config.current().unlock_on_server:
        raise NotFoundError
    if g.petition and name not in WHILE_FROZEN:
        require_thawed(g.petition)
    if name in FRESH and request.method not in SAFE:
        if words := fresh.problem(account):
            flash(words, "warning")
            return redirect(url_for(f"staff.{FRESH[name]}", slug=g.slug), 303)
        save_from_here()
    if g.petition is not None and g.petition.is_sealed and config.current().unlock_on_server:
        holding.take_up(account, g.petition.id)
        if name in NEEDS_KEYS and opened.current(g.petition.id) is None:
            return _ask_for_keys()
    return None


def _guard_remote(name: str) -> None:
    """Let in a member's own machine with its token for this sealed petition; to others there is nothing here."""
    _keep_out_other_sites()
    client = limits.client(request.remote_addr)
    if not limits.allows(WRONG_TOKENS, "desk", client):
        abort(429)
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    found = desk_tokens.find(token, at=utcnow()) if kind == "Bearer" else None
    if found is None:
        limits.count(WRONG_TOKENS, "desk", client)
        raise NotFoundError
    g.slug = (request.view_args or {}).pop("slug", None)
    g.petition, g.role = get_for_staff(str(g.slug), by=found[0])
    if g.petition.id != found[1] or not g.petition.is_sealed or g.role not in REMOTE[name]:
        raise NotFoundError
    g.account = found[0]
    save_from_here()
    require_thawed(g.petition)


def _ask_for_keys() -> AnyResponse:
    """Lead to where the keys are opened; who gave the passphrase of duress finds nothing to do."""
    if g.get("under_duress") and (request.endpoint or "").startswith("staff.keys."):
        flash(gettext("Something went wrong on our side. Nothing was changed. Please try again."), "danger")
        return redirect(url_for("staff.keys.manage", slug=g.slug), 303)
    if g.get("under_duress"):
        flash(gettext("No case waits for you. Cases that other people hold, or that you have decided, are not shown."))
        return redirect(url_for("staff.desk.show_desk", slug=g.slug), 303)
    there = request.script_root + request.path if request.method in SAFE else None
    return redirect(url_for("staff.unlock.ask", slug=g.slug, next=there), 303)


def _keep_out_other_sites() -> None:
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.method not in SAFE:
        abort(403)


def _note_seen(response: Response) -> Response:
    """Note a sign of life of staff, once the act is done."""
    if g.get("account") and request.method not in SAFE and response.status_code < 400:
        note_seen(g.account, at=utcnow())
        holding.note_act()
    return response


# --- headers ----------------------------------------------------------------------------------------------------


def _headers(response: Response) -> Response:
    """Put the security headers on every answer; a view may have set a narrower or wider one of its own."""
    policy = FRAMED if getattr(g, "may_be_framed", False) else ALONE
    headers = response.headers
    there = {name.lower() for name, _ in headers}
    headers.extend((name, value) for name, value in policy if name.lower() not in there)
    if response.mimetype == "text/html":
        headers["Content-Language"] = language()
    if request.endpoint and not request.endpoint.endswith("static") and "lang" not in request.args:
        response.vary.add("Accept-Language")
    return response
