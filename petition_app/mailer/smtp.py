"""Mail: one message out, over SMTP or as a file in the outbox of a development machine."""

from __future__ import annotations

import secrets
import smtplib
import ssl
from collections.abc import Callable
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from email import policy
from email.charset import Charset
from email.mime.text import MIMEText
from email.utils import formatdate
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from uuid import UUID

from petition_app import config
from petition_app.mailer.addresses import address_on_the_wire, needs_utf8

TIMEOUT = 20.0
READY_FOR_DATA = 354
REFERENCE = "X-Reference"  # The header that holds the id of a message, whoever sends it on.
CRLF = policy.compat32.clone(linesep="\r\n")
UTF8 = Charset("utf-8")
# As it is, so that whoever develops can read what lies in the outbox.
UTF8.body_encoding = None  # type: ignore[assignment] # The library's types forget it.


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


class UnsendableError(Exception):
    """No server can be given this address: what stands after the @ is no name of the internet."""


class NoUtf8Error(Exception):
    """The address has letters beyond ASCII before the @, and the server does not offer SMTPUTF8 (RFC 6531)."""


class NotNowError(Exception):
    """The server does not take the message now (4xx)."""


class UnsureError(Exception):
    """The connection broke after the message was handed over, and before the server said whether it took it."""


class NoTlsError(Exception):
    """The server on another machine offers no encryption, so nothing is said to it."""


def send(letter: Letter, *, message_id: str, hand_over: Callable[[], None], line: Line | None = None) -> None:
    """Send one message, over a `line` that is kept or over one of its own.

    `hand_over` is called at the last moment before the server may take it.

    The `message_id` stays the same however often a message is tried, so that a mailbox can tell a second copy.

    Raises:
        RefusedError, UnsendableError, NoUtf8Error: it will never be taken; do not try again.
        UnsureError: nobody knows whether it was taken; do not try again by yourself.
        OSError, smtplib.SMTPException, NotNowError, NoTlsError: it was not taken; try again later.
    """
    settings = config.current()
    message = _written(letter)
    if settings.mail_url:
        with closing(Line()) if line is None else nullcontext(line) as connected:
            _send_smtp(settings.mail_url, message, message_id, hand_over, connected)
        return
    if letter.sealed:
        del message["To"]
    hand_over()
    _write(settings.instance / "outbox", message)


def _written(letter: Letter) -> MIMEText:
    """Return a letter as a message; by hand, since the library's newer way takes as long as all the rest of sending.

    Raises: ValueError: a line break where none may be.
    """
    if any(mark in letter.to + letter.subject for mark in "\r\n"):
        raise ValueError("a header is one line")
    message = MIMEText(letter.body, "plain", UTF8)  # type: ignore[arg-type] # As above.
    message["To"], message["Subject"], message["Date"] = letter.to, letter.subject, formatdate()
    return message


def check() -> bool:
    """Speak with the mail server without sending anything; return whether it offers SMTPUTF8. Raises: as `send`.

    Where none is set all addresses can be written to, as files.
    """
    if url := config.current().mail_url:
        with closing(Line()) as line:
            _expect(line.open(url).noop()[0])
            return bool(line.take_greeting())
    return True


def _write(outbox: Path, message: MIMEText) -> None:
    outbox.mkdir(mode=0o700, exist_ok=True)
    message["From"] = "no-reply@example.org"
    part = outbox / f"{secrets.token_hex(12)}.part"
    part.write_bytes(bytes(message))
    part.replace(part.with_suffix(".eml"))


# --- SMTP -------------------------------------------------------------------------------------------------------


class Line:
    """A connection to the mail server that is kept open from one message to the next.

    A server may end it at any time: then it is opened anew before anything has been handed over. It is also after a
    hundred messages, as many servers want no more, and given up when none was sent for ten seconds.
    """

    MOST, IDLE = 100, 10.0

    def __init__(self) -> None:
        """Nothing is connected before the first message."""
        self._connection: smtplib.SMTP | None = None
        self._greeted: bool | None = None
        self._url, self._sent, self._used_at = "", 0, 0.0

    def open(self, url: str) -> smtplib.SMTP:
        """Return a new connection, which is kept."""
        self.close()
        self._connection, self._url, self._sent = _connect(urlsplit(url)), url, 1
        self._greeted = self._connection.has_extn("smtputf8")
        return self._connection

    def take_greeting(self) -> bool | None:
        """Return whether the server offered SMTPUTF8 when it was greeted; nothing if it was not since the last call."""
        greeted, self._greeted = self._greeted, None
        return greeted

    def begin(self, url: str, sender: str, *, message_id: str, utf8: bool = False) -> smtplib.SMTP:
        """Begin a message on the connection that is there, or on a new one where it has ended; with SMTPUTF8 if asked.

        Raises: NoUtf8Error, and what `send` raises.
        """
        if self._url != url or self._sent >= self.MOST:
            self.close()
        self._sent, self._used_at = self._sent + 1, monotonic()
        if self._connection:
            with suppress(OSError, smtplib.SMTPException):
                if _begin(self._connection, sender, utf8=utf8, message_id=message_id)[0] == 250:
                    return self._connection
            self.drop()
        connection = self.open(url)
        _expect(_begin(connection, sender, utf8=utf8, message_id=message_id)[0])
        return connection

    def reset(self) -> None:
        """Go on after a message that was not taken."""
        try:
            if self._connection and self._connection.rset()[0] != 250:
                self.drop()
        except (OSError, smtplib.SMTPException):
            self.drop()

    def rest(self) -> None:
        """Take leave of the server unless a message was sent lately."""
        if self._connection and monotonic() - self._used_at > self.IDLE:
            self.close()

    def close(self) -> None:
        """Take leave of the server. However it does, it changes nothing about what it has taken."""
        if self._connection:
            with suppress(OSError, smtplib.SMTPException):
                self._connection.quit()
        self.drop()

    def drop(self) -> None:
        """Let go of the connection without a word."""
        if self._connection:
            self._connection.close()
        self._connection = None


def _begin(connection: smtplib.SMTP, sender: str, *, utf8: bool, message_id: str) -> tuple[int, bytes]:
    """Begin a message; where the server writes reports by RFC 3461, it is told which id to put into them."""
    if utf8 and not connection.has_extn("smtputf8"):
        raise NoUtf8Error
    options = ["SMTPUTF8", "BODY=8BITMIME"] if utf8 else []
    return connection.mail(sender, [*options, f"ENVID={message_id}"] if connection.has_extn("dsn") else options)


def _send_smtp(url: str, message: MIMEText, message_id: str, hand_over: Callable[[], None], line: Line) -> None:
    parts = urlsplit(url)
    try:
        to = address_on_the_wire(str(message["To"]))
        sender = address_on_the_wire(_option(parts, "from") or f"no-reply@{parts.hostname or 'localhost'}")
    except ValueError as error:
        raise UnsendableError from error
    del message["To"]
    local, _, domain = sender.rpartition("@")
    message["From"], message["Message-ID"] = sender, f"<{message_id}@{domain}>"
    message[REFERENCE] = message_id  # Some providers write a Message-ID of their own.
    if _option(parts, "verp") == "yes":
        sender = f"{local}+{message_id}@{domain}"
    # Written by hand, since the library would encode letters beyond ASCII as no mail server reads them in an address.
    text = f"To: {to}\r\n".encode() + message.as_bytes(policy=CRLF).replace(b"\r\n.", b"\r\n..")
    try:
        connection = line.begin(url, sender, utf8=needs_utf8(to), message_id=message_id)
        _expect(connection.rcpt(to)[0])
        _expect(connection.docmd("DATA")[0], READY_FOR_DATA)
        hand_over()
        _expect(_hand(connection, text))
    except (RefusedError, NotNowError, NoUtf8Error):
        line.reset()
        raise
    except BaseException:
        line.drop()  # Nobody knows at which point of the conversation it stands.
        raise


def _hand(connection: smtplib.SMTP, text: bytes) -> int:
    """Hand the text over and return what the server says to it. Raises: UnsureError."""
    try:
        connection.send(text.rstrip(b"\r\n") + b"\r\n.\r\n")
        code = connection.getreply()[0]
    except (OSError, smtplib.SMTPException) as error:
        raise UnsureError from error
    if not 200 <= code < 600:
        raise UnsureError
    return code


def _connect(parts: SplitResult) -> smtplib.SMTP:
    """Connect to `smtps://`, or to `smtp://` with STARTTLS; in plain only to this machine itself.

    The URL may hold user and password, and `?from=address&timeout=seconds&ca=file&verp=yes`. With `verp` reports come
    back to the sender's address with `+` and the id of the message in it.
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
