"""A mail server that behaves as it is told, and keeps what it has taken."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from petition_app.clock import utcnow


@dataclass
class Server:
    """What the server does with each address: `refuse`, `later`, `stall`, `drop` (before or after taking), or takes it.

    With `grey` it takes nothing from whom it met less than `greylisting` ago, by its `clock`.

    It ends a connection at the message after `leave_after`, with these words or without any. `connections` counts them.
    `taken` counts the messages it has said yes to or kept before it broke off, by address; `ids` their Message-IDs,
    `headers` what else stands above them, `senders` those of the envelopes.
    """

    manners: dict[str, str] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    texts: list[tuple[str, str]] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    ids: dict[str, set[str]] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    begun: Counter[int] = field(default_factory=Counter)
    signed_in: list[str] = field(default_factory=list)
    stall: float = 3
    clock: Callable[[], datetime] = utcnow
    greylisting: timedelta = timedelta()
    met: dict[str, datetime] = field(default_factory=dict)
    farewell: str = "221 goodbye"
    connections: int = 0
    leave_after: int = 0
    leave_with: str = ""
    port: int = 0

    async def handle_EHLO(  # noqa: N802 -- as aiosmtpd names it.
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Greet."""
        session.host_name = hostname
        self.connections += 1
        self.begun[id(session)] = 0
        return responses

    async def handle_MAIL(  # noqa: N802 -- as aiosmtpd names it.
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Begin a message, unless there were enough."""
        self.begun[id(session)] += 1
        if self.leave_after and self.begun[id(session)] > self.leave_after:
            if not self.leave_with:
                assert server.transport
                server.transport.abort()  # type: ignore[attr-defined] # Of asyncio it can.
            return self.leave_with or "421 never heard"
        envelope.mail_from = address
        self.senders.append(address)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 -- the library calls it so.
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        self.tries[address] += 1
        how = self.manners.get(address, "")
        if how == "refuse":
            return f"550 {address} does not exist"
        if how == "later" and self.tries[address] < 3:
            return "451 try again later"
        if how == "grey" and self.clock() < self.met.setdefault(address, self.clock()) + self.greylisting:
            return "450 4.2.0 greylisted, try again later"
        if how == "stall":
            await asyncio.sleep(self.stall)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- as aiosmtpd names it.
        """Take leave."""
        return self.farewell

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- as aiosmtpd names it.
        """Take a message, or break off."""
        (address,) = envelope.rcpt_tos
        how = self.manners.get(address, "")
        if how == "full":
            return "552 mailbox full"
        if how == "drop":
            assert server.transport
            server.transport.abort()  # type: ignore[attr-defined] # Of asyncio it can.
            return "451 never heard"
        message: Any = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type] # Bytes.
        self.taken[address] += 1
        self.ids.setdefault(address, set()).add(message["Message-ID"])
        self.headers.append(message)
        self.texts.append((message["Subject"], message.get_content().replace("\r\n", "\n")))
        if how == "drop after":
            assert server.transport
            server.transport.abort()  # type: ignore[attr-defined] # Of asyncio it can.
        if how == "garble":
            return "taken or not"
        if how == "slow":
            await asyncio.sleep(self.stall)
        return "250 taken"

    def sign_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Let in whoever knows the password."""
        assert isinstance(data, LoginPassword)
        self.signed_in.append(data.login.decode())
        return AuthResult(success=data.password == b"s3cret word", handled=False)


@contextmanager
def serving(
    server: Server, *, tls: ssl.SSLContext | None = None, hostname: str = "127.0.0.1", **options: Any
) -> Iterator[Server]:
    """Run the server on a free port of this machine; with `tls` it offers STARTTLS."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server.port = free.getsockname()[1]
    controller = Controller(server, hostname=hostname, port=server.port, tls_context=tls, **options)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
