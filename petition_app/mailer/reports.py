"""Reports of messages that could not be delivered, in the shapes in which mail servers and providers write them.

RFC 3464 and, for addresses beyond ASCII, RFC 6533; and plain letters of servers that follow neither.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

LONGEST = 1024 * 1024  # Characters of a part that are looked at.
MOST_IDS = 100
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_FAILED = re.compile(r"^action\s*:\s*failed\b", re.IGNORECASE | re.MULTILINE)
_FIELD = r"^{}\s*:(.*(?:\n[ \t].*)*)"
_STATUS = re.compile(_FIELD.format("status"), re.IGNORECASE | re.MULTILINE)
_DIAGNOSTIC = re.compile(_FIELD.format("diagnostic-code"), re.IGNORECASE | re.MULTILINE)
_REPLY = re.compile(r"(?<![\d.])5\d\d[ -]")
_DAEMON = re.compile(r"mailer-daemon|postmaster|mail delivery (?:sub)?system", re.IGNORECASE)
_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
UNKNOWN = "5.0.0"


@dataclass(frozen=True)
class Report:
    """What a report says: the status of the failed delivery, such as 5.1.1, and the ids that may be the message's.

    Each id is 32 hexadecimal digits, those of the message that came back before what else the report mentions.
    """

    status: str
    ids: tuple[str, ...]


def read_report(data: bytes) -> Report | None:
    """Read a report; return nothing where it is none of a delivery that has failed for good.

    Whatever is handed over, nothing is raised.
    """
    message = message_from_bytes(data)
    parts = [(part, _text_of(part)) for part in message.walk()]
    said = [text for part, text in parts if part.get_content_type() in _STATUS_PARTS]
    status = next((found for text in said for found in _failures(text)), "") if said else _plain_failure(message, parts)
    if not status:
        return None
    mentioned = [*(text for _, text in parts[1:]), *(str(value) for value in message.values()), parts[0][1]]
    ids = dict.fromkeys(found for text in (*said, *mentioned) for found in _ID.findall(text))
    return Report(status, tuple(ids)[:MOST_IDS])


def _failures(text: str) -> Iterator[str]:
    """Go through what a report says about each recipient; delays and deliveries are passed over."""
    for block in re.split(r"\n[ \t]*\n", text):
        if _FAILED.search(block):
            fields = [found[1] for pattern in (_STATUS, _DIAGNOSTIC) if (found := pattern.search(block))]
            yield next((code[0] for field in fields if (code := _ENHANCED.search(field))), UNKNOWN)


def _plain_failure(message: Message, parts: list[tuple[Message, str]]) -> str:
    """Return the status that a letter of a mail server tells in its own words; nothing of anybody's else letter."""
    by_server = "X-Failed-Recipients" in message or _DAEMON.search(str(message.get("From", "")))
    words = parts[0][1] or next((text for part, text in parts if part.get_content_type() == "text/plain"), "")
    if not by_server or not ("X-Failed-Recipients" in message or _REPLY.search(words)):
        return ""
    code = _ENHANCED.search(words)
    return code[0] if code and code[0].startswith("5") else UNKNOWN


def _text_of(part: Message) -> str:
    """Return a part as text, with what stands in parts of it where the library reads these as messages of their own."""
    payload = part.get_payload()
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        return ""
    if isinstance(payload, list):
        inner = "\n\n".join(_as_text(each) for each in payload if isinstance(each, Message))
        return _decoded(inner, str(part.get("Content-Transfer-Encoding", "")))[:LONGEST]
    return _decoded(str(payload or ""), str(part.get("Content-Transfer-Encoding", "")))[:LONGEST]


def _as_text(message: Message) -> str:
    """Return a message as it stood, however broken it is."""
    headers = "\n".join(f"{name}: {value}" for name, value in message.items())
    payload = message.get_payload()
    inner = [_as_text(each) for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
    return "\n\n".join(filter(None, (headers, *inner, payload if isinstance(payload, str) else ""))).replace("\r", "")


def _decoded(text: str, encoding: str) -> str:
    plain, encoding = text.replace("\r", ""), encoding.strip().lower()
    raw = plain.encode("utf-8", "surrogateescape")
    if encoding == "base64":
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        try:
            raw = base64.b64decode(letters + b"=" * (-len(letters) % 4))
        except binascii.Error:
            return plain
    elif encoding == "quoted-printable":
        raw = quopri.decodestring(raw)
    return raw.decode("utf-8", "replace").replace("\r", "")
