"""The settings of one application, read from the environment once."""

from __future__ import annotations

import base64
import json
import logging
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import make_url

from petition_app import app_state, private_files

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent.parent / "migrations"
DOCS = Path(__file__).parent.parent / "docs"


# PostgreSQL: seconds to connect, and until a server that went without a word is taken for gone.
PRESENCE = {"connect_timeout": 5, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3}


class ConfigError(Exception):
    """A setting that makes it unsafe to start; its text is one line for the operator."""


@dataclass(frozen=True)
class Settings:
    """What an application is started with. `key_ring` is the text of the ring or the path of its file."""

    env: str
    database_url: str
    mail_url: str
    secret_key: str
    key_ring: str
    unlock_on_server: bool
    port: int
    instance: Path
    metrics_token: str = ""
    limits_url: str = ""
    proxies: int = 0
    web_processes: int = 1
    mails_per_address: int = 5
    mails_per_domain: int = 1000
    signatures_per_client: int = 300
    secret_key_fallbacks: tuple[str, ...] = ()
    password_pepper: str = ""
    public_url: str = ""

    @property
    def production(self) -> bool:
        """Whether secrets must be given and cookies travel over HTTPS only."""
        return self.env == "production"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read and check the environment.

        Raises:
            ConfigError: a setting is missing, weak or not understood.
        """
        env = environ.get("COUNTERSIGN_ENV", "development")
        if env not in ("development", "production"):
            raise ConfigError(f"COUNTERSIGN_ENV is {env!r}; it must be development or production.")
        instance = Path(environ.get("COUNTERSIGN_INSTANCE", "instance")).resolve()
        try:
            instance.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(f"The instance folder {instance} cannot be made: {error.strerror}.") from None
        _keep_closed(instance, production=env == "production")
        given = {name: environ.get(name, "") for name in ("SECRET_KEY", "KEY_RING", "PASSWORD_PEPPER")}
        if env == "development":
            made = _development_secrets(instance)
            given = {name: value or made[name] for name, value in given.items()}
        fallbacks = tuple(environ.get("SECRET_KEY_FALLBACKS", "").replace(",", " ").split())
        for secret in (given["SECRET_KEY"], *fallbacks):
            _refuse_weak_secret(secret, "SECRET_KEY_FALLBACKS" if secret in fallbacks else "SECRET_KEY")
        if not given["KEY_RING"]:
            raise ConfigError("KEY_RING is not set; without it nothing can be sealed. Make one with `flask keys new`.")
        return cls(
            env=env,
            database_url=_database_url(environ.get("DATABASE_URL", ""), instance),
            mail_url=environ.get("MAIL_URL", ""),
            secret_key=given["SECRET_KEY"],
            key_ring=given["KEY_RING"],
            unlock_on_server=_flag(environ, "UNLOCK_ON_SERVER", default=True),
            port=_port(environ.get("PORT", "8000")),
            instance=instance,
            metrics_token=_metrics_token(environ.get("METRICS_TOKEN", "")),
            limits_url=_limits_url(environ.get("LIMITS_URL", "")),
            proxies=_proxies(environ.get("PROXIES", "0")),
            web_processes=_web_processes(environ.get("WEB_PROCESSES", "1"), environ.get("LIMITS_URL", "")),
            mails_per_address=_budget(environ, "MAILS_PER_ADDRESS", cls.mails_per_address),
            mails_per_domain=_budget(environ, "MAILS_PER_DOMAIN", cls.mails_per_domain),
            signatures_per_client=_budget(environ, "SIGNATURES_PER_CLIENT", cls.signatures_per_client),
            secret_key_fallbacks=fallbacks,
            password_pepper=given["PASSWORD_PEPPER"],
            public_url=_public_url(environ.get("PUBLIC_URL", ""), production=env == "production"),
        )


def engine_options(url: str) -> dict[str, Any]:
    """Return how to connect: SQLite waits half a minute for its turn to write; PostgreSQL keeps connections open.

    With `?timeout=5` in the address SQLite waits for so many seconds instead.
    With `?prepare_threshold=none` in the address no statement is prepared, as a PgBouncer before 1.21 needs it.
    """
    asked = make_url(url).query
    if url.startswith("sqlite"):
        return {"hide_parameters": True, "connect_args": {} if "timeout" in asked else {"timeout": 30}}
    told: dict[str, Any] = {name: value for name, value in PRESENCE.items() if name not in asked}
    if asked.get("prepare_threshold") == "none":
        told["prepare_threshold"] = None
    return {"hide_parameters": True, "pool_size": 20, "max_overflow": 20, "pool_timeout": 10, "connect_args": told}


def new_key_ring(key_id: str = "k1") -> str:
    """Make the text of a key ring with one random 256-bit key: `id:base64url`."""
    return f"{key_id}:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}"


def _keep_closed(instance: Path, *, production: bool) -> None:
    """Let nobody else on the machine look into the instance folder: mended in development, refused in production."""
    if not private_files.is_open(instance):
        return
    if production:
        raise ConfigError(f"Others can look into {instance}; run: chmod -R go= {instance}")
    if private_files.close(instance):
        logger.warning("Others could look into %s. Now they cannot.", instance)
    else:
        logger.warning("Others can look into %s; run: chmod -R go= %s", instance, instance)


def _development_secrets(instance: Path) -> dict[str, str]:
    """Make the secrets of a development machine once; a ring that is there is never written over.

    A ring that has gone missing afterwards is not made anew: what was sealed under it would look
    merely unreadable instead of lost.
    """
    kept, ring = instance / "secrets.json", instance / "key_ring"
    if not kept.exists():
        if not ring.exists():
            _write_private(ring, new_key_ring())
        _write_private(kept, json.dumps({"SECRET_KEY": secrets.token_urlsafe(48)}))
    try:
        found = {name: str(value) for name, value in json.loads(kept.read_text()).items()}
        if "PASSWORD_PEPPER" not in found:
            found["PASSWORD_PEPPER"] = new_key_ring("p1")
            _write_private(kept, json.dumps(found))
        return {"KEY_RING": str(ring), **{name: found[name] for name in ("SECRET_KEY", "PASSWORD_PEPPER")}}
    except (ValueError, KeyError, AttributeError, OSError):
        raise ConfigError(f"{kept} is damaged; put it back from a backup.") from None


def _write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    part.replace(path)


def _refuse_weak_secret(secret: str, name: str) -> None:
    if not secret:
        raise ConfigError(f"{name} is not set; give at least 32 random characters.")
    if len(secret) < 32 or len(set(secret)) < 12:
        raise ConfigError(f"{name} is too weak; give at least 32 random characters.")


def _database_url(url: str, instance: Path) -> str:
    if not url:
        return f"sqlite:///{instance / 'countersign.db'}"
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return f"postgresql+psycopg://{url[len(scheme) :]}"
    if not url.startswith(("postgresql+psycopg://", "sqlite:///")):
        raise ConfigError("DATABASE_URL must begin with postgresql+psycopg:// or sqlite:///.")
    return url


def _limits_url(url: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(url)
        network = parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0
        if not url or network or (parts.scheme == "redis+unix" and parts.path):
            return url
    raise ConfigError("LIMITS_URL must be redis://host:6379/0, rediss://… or redis+unix:///path.")


def _public_url(given: str, *, production: bool) -> str:
    """Return the addresses, separated by single blanks, each as `scheme://host`, the first for mails and cards."""
    urls = given.replace(",", " ").split()
    if production and not urls:
        raise ConfigError(
            "PUBLIC_URL is not set; give the address of this server, such as https://letters.example.org."
        )
    return " ".join(_address(url) for url in urls)


def _address(url: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(url)
        host = parts.hostname or ""
        plain = host.endswith(".onion") or host in ("localhost", "127.0.0.1", "::1")
        bare = (
            parts.path in ("", "/") and not (parts.query or parts.fragment or "@" in parts.netloc) and parts.port != 0
        )
        if host and bare and (parts.scheme == "https" or (parts.scheme == "http" and plain)):
            return f"{parts.scheme}://{parts.netloc.lower()}"
    raise ConfigError(
        "PUBLIC_URL must be https://host, with nothing after it; further ones, such as http://….onion, too."
    )


def _metrics_token(token: str) -> str:
    if token and (len(token) < 16 or len(set(token)) < 8):
        raise ConfigError("METRICS_TOKEN is too weak; give at least 16 random characters, or none.")
    return token


def _flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environ.get(name, "").strip().lower()
    if value in ("", "1", "true", "yes", "on"):
        return True if value else default
    if value in ("0", "false", "no", "off"):
        return False
    raise ConfigError(f"{name} is {value!r}; it must be true or false.")


def _port(value: str) -> int:
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise ConfigError(f"PORT is {value!r}; it must be a number from 1 to 65535.")
    return int(value)


def _proxies(value: str) -> int:
    if not value.isdigit() or int(value) > 9:
        raise ConfigError(f"PROXIES is {value!r}; it must say how many proxies stand in front, 0 to 9.")
    return int(value)


def _web_processes(value: str, limits_url: str) -> int:
    if not value.isdigit() or not 0 < int(value) <= 64:
        raise ConfigError(f"WEB_PROCESSES is {value!r}; it must be a number from 1 to 64.")
    if int(value) > 1 and not limits_url:
        raise ConfigError("WEB_PROCESSES needs LIMITS_URL, in which they count guesses together.")
    return int(value)


def _budget(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, "").strip() or str(default)
    if not value.isdecimal() or len(value) > 9:
        raise ConfigError(f"{name} is {value!r}; it must be a number an hour, or 0 for no limit.")
    return int(value)


def activate(settings: Settings) -> None:
    """Make these the settings of the active application."""
    app_state.active().put(settings)


def current() -> Settings:
    """Return the settings of the active application.

    Raises:
        RuntimeError: no application is active here, or it has none.
    """
    settings = app_state.active().find(Settings)
    if settings is None:
        raise RuntimeError("The application has no settings.")
    return settings
