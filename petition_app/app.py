"""The one place where everything meets: settings, database, doors, and what happens after a commit."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Flask, Response, g, request
from flask_bootstrap import Bootstrap5
from flask_migrate import Migrate
from jinja2 import StrictUndefined
from werkzeug.exceptions import BadRequest, HTTPException, TooManyRequests
from werkzeug.middleware.proxy_fix import ProxyFix

from petition_app import admission, config, db, doctor, erasures, vault, web, worker
from petition_app.accounts import approvals, fresh, sign_in
from petition_app.accounts import services as account_services
from petition_app.addresses import Addresses, refuse
from petition_app.backup import cli as backup_cli
from petition_app.clock import utcnow
from petition_app.config import ConfigError, Settings
from petition_app.db import after_commit, after_erasure, before_erasure, transaction
from petition_app.demo import cli as demo_cli
from petition_app.drill import cli as drill_cli
from petition_app.errors import StorageSealedError
from petition_app.i18n import CatalogueError, check_catalogues
from petition_app.keys import leaving, opened
from petition_app.local import cli as local_cli
from petition_app.metrics import Meter
from petition_app.pages import Pages
from petition_app.petitions import accounts_cli, freezing, policies, switches_cli
from petition_app.petitions import cli as petitions_cli
from petition_app.roles import IN_GROUPS, TAKES_SECRETS
from petition_app.roster import cli as roster_cli
from petition_app.signatures import cli as signatures_cli
from petition_app.signatures.rush import Rush
from petition_app.tally import cli as tally_cli
from petition_app.tally import frozen
from petition_app.tally.services import publish_due
from petition_app.verification import cli as verification_cli
from petition_app.verification import duplicates_cli, estimate_cli, keys_cli, measure_cli, rematching, retention_cli
from petition_app.verification import services as checking
from petition_app.verification.matching.word_cache import forget_words

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

LARGEST_FORM = 512 * 1024
# What arrives here is public with a publication and not before.
QUIET = ("signatures.submit", "signatures.confirm_code", "signatures.send_again")


class Countersign(Flask):
    """Flask, with one transaction around each request, which is counted and leaves one line of log."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.pages, self.rush = Pages(), Rush(self)
        self.addresses = Addresses("", production=False)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request and note how: the rule of its path, the method, the status, the time."""
        if not self.addresses.admits(environ):
            return refuse(start_response)
        began, status = perf_counter(), 500

        def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status
            status = int(line[:3])
            return start_response(line, headers, exc_info)

        try:
            door = self.rush if environ["REQUEST_METHOD"] == "POST" else self.pages
            return door.answer(environ, start, super().wsgi_app)
        finally:
            rule, took = environ.get("countersign.rule", ""), perf_counter() - began
            self.extensions["meter"].note(rule=rule, method=environ["REQUEST_METHOD"], status=status, seconds=took)

    def log_exception(self, exc_info: Any) -> None:
        """Write down what went wrong and at which rule: a path may hold the words of an invitation."""
        rule = request.url_rule.rule if request.url_rule else "a path without a rule"
        self.logger.error("A request failed: %s %s", request.method, rule, exc_info=exc_info)

    def full_dispatch_request(self) -> Response:
        """Answer a request; keep what it changed if it may change anything and did not fail."""
        request.environ["countersign.rule"] = request.url_rule.rule if request.url_rule else ""
        if refusal := self._refusal():
            return self.finalize_request(self.handle_user_exception(refusal))
        if request.endpoint == IN_GROUPS:  # Whoever writes for all who wait there commits.
            return super().full_dispatch_request()
        # Strangers come to those doors as well: nobody takes the writer's place before they are let in.
        late = request.endpoint in TAKES_SECRETS or request.blueprint == "remote"
        may_change = admission.may_change(request, session_cookie=self.config["SESSION_COOKIE_NAME"])
        saving = may_change and not g.get("leads_nowhere")
        with transaction(saving=saving, late=late) as work:
            response = super().full_dispatch_request()
            if response.status_code >= 400:
                work.discard()
            elif request.method not in admission.SAFE and not saving and _has_changes():
                raise RuntimeError("What this request changed would be lost.")
            work.adds = work.adds or request.endpoint in QUIET
        return response

    def _refusal(self) -> HTTPException | None:
        """Return why a request is turned away before anything is changed, or waits to be."""
        try:
            if not admission.is_fit(request):
                return BadRequest()
        except HTTPException as refusal:
            return refusal
        if not admission.may_lead_nowhere(request):
            return None
        with transaction(saving=False):
            g.leads_nowhere = admission.leads_nowhere(request)
        if not g.leads_nowhere or not admission.is_flood(request):
            return None
        admission.turn_away(request)
        return TooManyRequests()


def _has_changes() -> bool:
    """Return whether the open transaction has changed something that stays, or is about to."""
    session = db.db.session
    return bool("touched" in session.info or session.new or session.dirty or session.deleted)


def create_app(settings: Settings | None = None) -> Countersign:
    """Make the application.

    Raises:
        ConfigError: a setting is missing or weak, or the texts of a language are not compiled.
    """
    _check_texts()
    settings = settings or Settings.from_environment()
    config.activate(settings)
    _check_ring(settings)
    _check_pepper(settings)
    app = Countersign("petition_app", template_folder="../templates", instance_path=str(settings.instance))
    app.addresses = Addresses(settings.public_url, production=settings.production)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=config.engine_options(settings.database_url),
        # Over HTTPS no other site of the same domain can set a cookie of this name (RFC 6265bis, 4.1.3.2).
        SESSION_COOKIE_NAME="__Host-countersign" if settings.production else "countersign",
        SESSION_COOKIE_PATH="/" if settings.production else sign_in.MOUNT,
        SESSION_COOKIE_SECURE=settings.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=3600,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        MAX_FORM_PARTS=100,
        BOOTSTRAP_SERVE_LOCAL=True,
        BABEL_DEFAULT_LOCALE="en",
    )
    if settings.proxies:  # Each adds the address it was asked from; the names of hosts are taken from nobody.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    app.extensions["meter"] = Meter()
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.url_map.converters |= admission.CONVERTERS
    db.db.init_app(app)
    with app.app_context():
        db.configure_engine(db.db.engine)
    Migrate(app, db.db, directory=str(config.MIGRATIONS))
    Bootstrap5(app)
    sign_in.init_app(app)
    fresh.init_app(app)
    web.init_app(app)
    worker.init_app(app)
    for door in (
        accounts_cli,
        petitions_cli,
        switches_cli,
        roster_cli,
        signatures_cli,
        verification_cli,
        measure_cli,
        estimate_cli,
        duplicates_cli,
        retention_cli,
        keys_cli,
        tally_cli,
        demo_cli,
        drill_cli,
        backup_cli,
        doctor,
    ):
        door.init_app(app)
    local_cli.init_app(app, create_app)
    opened.after_leaving[:] = [forget_words]
    after_commit[:] = [_publish]
    before_erasure[:], after_erasure[:] = [erasures.note], [erasures.settle_at_once]
    freezing.on_freeze[:] = [checking.free_all, frozen.lower]
    approvals.carry_out.update(
        policy=policies.lower, unfreeze=freezing.end, take_keys=leaving.carry_out, remove_member=leaving.carry_out
    )
    account_services.holds_keys[:] = [leaving.holds]
    freezing.on_unfreeze[:] = [frozen.raise_again, rematching.rematch_later]
    return app


def _check_texts() -> None:
    try:
        check_catalogues()
    except CatalogueError as error:
        raise ConfigError(str(error)) from None


def _check_ring(settings: Settings) -> None:
    """In production a server that cannot seal does not start; in development the sign page says so (503)."""
    try:
        vault.key_ring()
    except StorageSealedError:
        if settings.production:
            raise ConfigError("KEY_RING cannot be read; put it back, or make one with `flask keys new`.") from None
        logger.warning("The key ring cannot be read; nothing can be sealed until it is put back.")


def _check_pepper(settings: Settings) -> None:
    try:
        if settings.password_pepper:
            vault.parse_key_ring(settings.password_pepper)
    except ValueError:
        raise ConfigError("PASSWORD_PEPPER is not a key; make one with `flask keys new --id p1`.") from None


_publishing: ContextVar[deque[UUID] | None] = ContextVar("publishing", default=None)


def _publish(petition_id: UUID) -> None:
    """Publish a change that has just been committed.

    A publication in slices changes its petition again; that waits for this one to end, so that none is inside another.
    """
    waiting = _publishing.get()
    if waiting is not None:
        waiting.append(petition_id)
        return
    waiting = deque([petition_id])
    token = _publishing.set(waiting)
    try:
        while waiting:
            _publish_once(waiting.popleft())
    finally:
        _publishing.reset(token)


def _publish_once(petition_id: UUID) -> None:
    """Do so in a transaction of its own; what goes wrong here is left to the worker."""
    try:
        with transaction() as work:
            work.adds = publish_due(petition_id, at=utcnow()) is None and not db.touched_names()
    except Exception as error:
        logger.error("A publication failed (%s); the worker will try again.", type(error).__name__)
