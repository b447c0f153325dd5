"""The one place where everything meets: settings, database, doors, and what happens after a commit."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request
from flask.ctx import AppContext
from flask_bootstrap import Bootstrap5
from flask_migrate import Migrate
from jinja2 import StrictUndefined
from werkzeug.exceptions import BadRequest, HTTPException, TooManyRequests
from werkzeug.middleware.proxy_fix import ProxyFix

from petition_app import app_state, config
from petition_app.accounts.hooks import AccountHooks
from petition_app.app_state import AppState
from petition_app.cli import registration as commands
from petition_app.config import ConfigError, Settings
from petition_app.crypto import vault
from petition_app.errors import StorageSealedError
from petition_app.i18n import CatalogueError, check_catalogues
from petition_app.keys import leaving
from petition_app.keys.open_keys import KeyHooks
from petition_app.matching.names.word_cache import forget_words
from petition_app.network import client_of, plain_address
from petition_app.petitions import freezing, policies
from petition_app.petitions.freezing import FreezeHooks
from petition_app.storage import db, erasures
from petition_app.storage.db import transaction
from petition_app.storage.hooks import TransactionHooks
from petition_app.storage.short_cache import ShortCache
from petition_app.tally import freeze_statement
from petition_app.tally.publishing import publish_at_once
from petition_app.verification.decisions import services as checking
from petition_app.verification.matching_cases import rematching
from petition_app.web import admission, fresh_sign_in, sign_in
from petition_app.web import registration as web
from petition_app.web.access import IN_GROUPS, TAKES_SECRETS
from petition_app.web.addresses import Addresses, refuse
from petition_app.web.app_context import ActiveContext
from petition_app.web.backend import Backend
from petition_app.web.fast_sign import FastSign
from petition_app.web.metrics import Meter
from petition_app.web.page_cache import Answer, Pages, key_of, may_be_kept

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from granian.rsgi import Scope

logger = logging.getLogger(__name__)

LARGEST_FORM = 512 * 1024
# What arrives here is public with a publication and not before.
QUIET = ("sign.submit", "sign.confirm_code", "sign.send_again")


class Countersign(Flask):
    """Flask, with one transaction around each request, which is counted and leaves one line of log."""

    def __init__(self, *args: Any, state: AppState, backend: Backend, **keywords: Any) -> None:
        self.state, self.backend = state, backend
        super().__init__(*args, **keywords)
        self.extensions["countersign"] = state
        cache = state.get(ShortCache)
        self.pages, self.rush = Pages(cache), FastSign(self, cache)
        self.addresses, self.proxies = Addresses("", production=False), 0

    def app_context(self) -> AppContext:
        """Return a context within which this application's state is the active one."""
        return ActiveContext(self, self.state)

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **options: Any
    ) -> None:
        """Add a page, which the backend may answer in its own way."""
        view = self.backend.view_for(endpoint, view_func) if endpoint and view_func else view_func
        super().add_url_rule(rule, endpoint, view, *args, **options)

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

    def at_once(self, scope: Scope) -> Answer | None:
        """Return the answer to a reader of a page that is kept, for which no request need be made, and note it.

        Who of several proxies said what is left to `wsgi_app`, except where the host alone tells the address.
        """
        began, key = perf_counter(), self._key_of(scope)
        if not key or not (page := self.pages.find(key)):
            return None
        answer = page.reply(scope.headers.get("if-none-match", ""))
        took = perf_counter() - began
        self.extensions["meter"].note(rule=page.rule, method="GET", status=answer[0], seconds=took)
        return answer

    def sign_at_once(self, scope: Scope, sent: bytes) -> Answer | None:
        """Take a plain signature for which no request need be made, and note it; return its answer."""
        began, key = perf_counter(), self._key_of(scope)
        client = client_of(scope.client, scope.headers.get("x-forwarded-for"), proxies=self.proxies)
        if not key or not (found := self.rush.at_once(scope, sent, key, plain_address(client))):
            return None
        answer, rule = found
        took = perf_counter() - began
        self.extensions["meter"].note(rule=rule, method="POST", status=answer[0], seconds=took)
        return answer

    def _key_of(self, scope: Scope) -> tuple[Hashable, ...] | None:
        """Return what a request asks for, as `page_cache` knows it, where that can be told before it is made."""
        path, told = scope.path, scope.headers.get
        if not may_be_kept(path) or not path.isascii():
            return None
        found = self.addresses.find(told("host", ""), "" if self.proxies else scope.scheme)
        if not found or not found[0]:
            return None
        return key_of(path, scope.query_string, told("accept-language", ""), host=found[1], scheme=found[0])

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
            work.insert_only = work.insert_only or request.endpoint in QUIET
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


def create_app(settings: Settings | None = None, backend: Backend | None = None) -> Countersign:
    """Make the application; a `backend` of its own where it is not the server itself.

    Raises:
        ConfigError: a setting is missing or weak, or the texts of a language are not compiled.
    """
    _check_texts()
    settings, backend = settings or Settings.from_environment(), backend or Backend()
    state = AppState(settings)
    _register_hooks(state, publishes=backend.publishes)
    with app_state.using(state):
        _check_ring(settings)
        _check_pepper(settings)
        return _make(settings, state, backend)


def _make(settings: Settings, state: AppState, backend: Backend) -> Countersign:
    app = Countersign(
        "petition_app",
        template_folder="../templates",
        instance_path=str(settings.instance),
        state=state,
        backend=backend,
    )
    app.addresses, app.proxies = Addresses(settings.public_url, production=settings.production), settings.proxies
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
        behind = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)
        app.wsgi_app = behind  # type: ignore[method-assign] # As Flask's manual does.
    app.extensions["meter"] = Meter()
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.url_map.converters |= admission.CONVERTERS
    db.db.init_app(app)
    with app.app_context():
        db.configure_engine(db.db.engine)
    Migrate(app, db.db, directory=str(config.MIGRATIONS))
    Bootstrap5(app)
    backend.init_app(app)
    sign_in.init_app(app)
    fresh_sign_in.init_app(app)
    web.init_app(app, shows_waiting=backend.publishes)
    commands.init_app(app, create_app)
    return app


def _register_hooks(state: AppState, *, publishes: bool) -> None:
    """Say what happens in one domain when something happens in another."""
    acts = {
        "policy": policies.lower,
        "unfreeze": freezing.end,
        "take_keys": leaving.carry_out,
        "remove_member": leaving.carry_out,
    }
    for hooks in (
        TransactionHooks(
            after_change=state.get(ShortCache).forget,
            before_erasure=(erasures.note,),
            after_erasure=(erasures.settle_at_once,),
            after_commit=(publish_at_once,) if publishes else (),
        ),
        KeyHooks(after_leaving=(forget_words,)),
        AccountHooks(holds_keys=(leaving.holds,), carry_out=acts),
        FreezeHooks(
            on_freeze=(checking.free_all, freeze_statement.publish_frozen_counts),
            on_unfreeze=(freeze_statement.republish, rematching.rematch_later),
        ),
    ):
        state.put(hooks)


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
