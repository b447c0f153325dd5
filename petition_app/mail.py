"""Mail: one message out, over SMTP or as a file in the outbox of a development machine."""

from __future__ import annotations

import secrets
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import formatdate
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from uuid import UUID

from petition_app import config

TIMEOUT = 20.0
READY_FOR_DATA = 354


@dataclass(frozen=True)
class Letter:
    """One plain message. It names no petition. A `sealed` one is written to the outbox without its address.

    `about` is the signature it concerns, where it may be known for a while which one that was.
    """

    to: str
    subject: str
    body: str
    sealed: bool = False
    about: UUID | None = None


class RefusedError(Exception):
    """The server has refused the message for good (5xx); `code` is its reply code. Its words may hold an address."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class NotNowError(Exception):
    """The server does not take the message now (4xx)."""


class UnsureError(Exception):
    """The connection broke after the message was handed over, and before the server said whether it took it."""


class NoTlsError(Exception):
    """The server on another machine offers no encryption, so nothing is said to it."""


def send(letter: Letter, *, message_id: str, hand_over: Callable[[], None]) -> None:
    """Send one message. `hand_over` is called at the last moment before the server may take it.

    The `message_id` stays the same however often a message is tried, so that a mailbox can tell a second copy.

    Raises:
        RefusedError: it will never be taken; do not try again.
        UnsureError: nobody knows whether it was taken; do not try again by yourself.
        OSError, smtplib.SMTPException, NotNowError, NoTlsError: it was not taken; try again later.
    """
    settings = config.current()
    message = EmailMessage()
    message["To"], message["Subject"], message["Date"] = letter.to, letter.subject, formatdate()
    message.set_content(letter.body)
    if settings.mail_url:
        _send_smtp(settings.mail_url, message, message_id, hand_over)
        return
    if letter.sealed:
        del message["To"]
    hand_over()
    _write(settings.instance / "outbox", message)


def check() -> None:
    """Speak with the mail server without sending anything, where one is set. Raises: as `send`."""
    if url := config.current().mail_url:
        with _connected(urlsplit(url)) as connection:
            _expect(connection.noop()[0])


def _write(outbox: Path, message: EmailMessage) -> None:
    outbox.mkdir(mode=0o700, exist_ok=True)
    message["From"] = "no-reply@example.org"
    part = outbox / f"{secrets.token_hex(12)}.part"
    part.write_bytes(bytes(message))
    part.replace(part.with_suffix(".eml"))


# --- SMTP -------------------------------------------------------------------------------------------------------


def _send_smtp(url: str, message: EmailMessage, message_id: str, hand_over: Callable[[], None]) -> None:
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    sender = _option(parts, "from") or f"no-reply@{host}"
    message["From"], message["Message-ID"] = sender, f"<{message_id}@{sender.rpartition('@')[2]}>"
    text = message.as_bytes(policy=policy.SMTP).replace(b"\r\n.", b"\r\n..")
    with _connected(parts) as connection:
        _expect(connection.mail(sender)[0])
        _expect(connection.rcpt(str(message["To"]))[0])
        _expect(connection.docmd("DATA")[0], READY_FOR_DATA)
        hand_over()
        try:
            connection.send(text.rstrip(b"\r\n") + b"\r\n.\r\n")
            code = connection.getreply()[0]
        except (OSError, smtplib.SMTPException) as error:
            raise UnsureError from error
        if not 200 <= code < 600:
            raise UnsureError
        _expect(code)


@contextmanager
def _connected(parts: SplitResult) -> Iterator[smtplib.SMTP]:
    """Be connected. However the server takes leave, it changes nothing about what it has taken."""
    connection = _connect(parts)
    try:
        yield connection
        with suppress(OSError, smtplib.SMTPException):
            connection.quit()
    finally:
        connection.close()


def _connect(parts: SplitResult) -> smtplib.SMTP:
    """Connect to `smtps://`, or to `smtp://` with STARTTLS; in plain only to this machine itself.

    The URL may hold user and password, and `?from=address&timeout=seconds&ca=file`.
    """
    host, timeout = parts.hostname or "localhost", float(_option(parts, "timeout") or TIMEOUT)
    context = ssl.create_default_context(cafile=_option(parts, "ca") or None)
    connection: smtplib.SMTP
    if parts.scheme == "smtps":
        connection = smtplib.SMTP_SSL(host, parts.port or 465, timeout=timeout, context=context)
    else:
        connection = smtplib.SMTP(host, parts.port or 25, timeout=timeout)
    try:
        connection.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp" and connection.has_extn("starttls"):
            connection.starttls(context=context)
        elif parts.scheme == "smtp" and not _is_here(host):
            raise NoTlsError
        if parts.username:
            connection.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        connection.close()
        raise
    return connection


def _expect(code: int, wanted: int = 250) -> None:
    if 500 <= code < 600:
        raise RefusedError(code)
    if code != wanted and not (wanted == 250 and 200 <= code < 300):
        raise NotNowError(str(code))


def _option(parts: SplitResult, name: str) -> str:
    return parse_qs(parts.query).get(name, [""])[0]


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
