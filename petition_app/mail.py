"""Mail: one message out, over SMTP or as a file in the outbox of a development machine."""

from __future__ import annotations

import secrets
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from petition_app import config

TIMEOUT = 20


def send(*, to: str, subject: str, body: str, sealed: bool = False) -> None:
    """Hand one plain message over. It names no petition and holds no link.

    Where no mail server is set, a `sealed` message is written without its address.

    Raises:
        OSError, smtplib.SMTPException: the message was not accepted; try again later.
    """
    settings = config.current()
    message = EmailMessage()
    message["To"], message["Subject"], message["Date"] = to, subject, formatdate()
    message.set_content(body)
    if settings.mail_url:
        _send_smtp(settings.mail_url, message)
    else:
        if sealed:
            del message["To"]
        _write(settings.instance / "outbox", message)


def _write(outbox: Path, message: EmailMessage) -> None:
    outbox.mkdir(mode=0o700, exist_ok=True)
    message["From"] = "no-reply@example.org"
    part = outbox / f"{secrets.token_hex(12)}.part"
    part.write_bytes(bytes(message))
    part.replace(part.with_suffix(".eml"))


def _send_smtp(url: str, message: EmailMessage) -> None:
    """Send through `smtp://` (STARTTLS where offered) or `smtps://`, with user and password if the URL has them.

    The sender stands in the URL as `?from=address`.
    """
    parts = urlsplit(url)
    host, context = parts.hostname or "localhost", ssl.create_default_context()
    message["From"] = parse_qs(parts.query).get("from", [f"no-reply@{host}"])[0]
    connection: smtplib.SMTP
    if parts.scheme == "smtps":
        connection = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=context)
    else:
        connection = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT)
    with connection:
        connection.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp" and connection.has_extn("starttls"):
            connection.starttls(context=context)
        if parts.username:
            connection.login(unquote(parts.username), unquote(parts.password or ""))
        connection.send_message(message)
