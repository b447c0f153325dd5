"""Hangs every page on its audience; what all templates may use."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, url_for
from flask_babel import format_decimal

from petition_app import config
from petition_app.i18n import LANGUAGES
from petition_app.web import (
    desk_api,
    errors,
    health,
    language,
    language_links,
    request_keys,
    resumed_posts,
    times,
    waiting_badge,
)
from petition_app.web.addresses import absolute
from petition_app.web.guards import csrf, guard, note_seen_after
from petition_app.web.public import letter, my_signature, not_me, numbers, reading, sign
from petition_app.web.security_headers import add_headers
from petition_app.web.staff import (
    account,
    announcements,
    approvals,
    batches,
    bulk,
    claims,
    desk,
    drafting,
    exports,
    freeze,
    help,
    imports,
    invitation_lists,
    keys,
    lost_codes,
    mail,
    opening,
    own_settings,
    people,
    petition,
    rehearsal,
    roster,
    samples,
    second_looks,
    share,
    switches,
    trail,
    unlock,
)

PUBLIC = (health, letter, numbers, reading, not_me, sign, my_signature)
STAFF = (
    account,
    own_settings,
    approvals,
    people,
    keys,
    petition,
    drafting,
    switches,
    announcements,
    mail,
    freeze,
    opening,
    help,
    rehearsal,
    batches,
    desk,
    bulk,
    samples,
    invitation_lists,
    second_looks,
    lost_codes,
    share,
    roster,
    imports,
    exports,
    claims,
    trail,
)


def init_app(app: Flask, *, shows_waiting: bool = True) -> None:
    """Hang every view on its audience; with `shows_waiting` the head says how many things wait for who is signed in."""
    language.init_app(app)
    csrf.init_app(app)
    for pages in PUBLIC:
        app.register_blueprint(pages.public)
    mount = Blueprint("staff", __name__, url_prefix="/organizer")
    for pages in (*STAFF, *((unlock,) if config.current().unlock_on_server else ())):
        mount.register_blueprint(pages.staff)
    request_keys.init_app(app)
    app.register_blueprint(mount)
    app.register_blueprint(desk_api.remote)
    app.add_url_rule("/favicon.ico", "favicon", lambda: redirect(url_for("static", filename="mark.svg"), 301))
    app.before_request(guard)
    app.context_processor(
        lambda: {
            "lang": language.current_language(),
            "languages": LANGUAGES,
            "LANGUAGE_CHOICES": language_links.choices,
            "absolute": absolute,
        }
    )
    app.jinja_env.filters.update(number=format_decimal)
    times.init_app(app)
    waiting_badge.init_app(app, shown=shows_waiting)
    app.after_request(add_headers)
    app.after_request(note_seen_after)
    resumed_posts.init_app(app)
    errors.init_app(app)
