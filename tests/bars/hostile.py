"""Hostile clients, in a process of their own: `python -m tests.bars.hostile KIND URL SLUG NETWORK SECONDS`.

So that they take no time of whoever measures. Each has an address of its own, in the header that a proxy of ours sets
(`10.NETWORK.0.x`) and on this machine (`127.NETWORK.0.x`); each asks as quickly as it is answered, and about once a
second at most. The statuses of the answers are printed as JSON at the end.
"""

from __future__ import annotations

import html
import json
import re
import secrets
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urlsplit

from mnemonic import Mnemonic

CLIENTS, PAUSE = 40, 1.0
LARGE = 64 * 1024  # Bytes of a form.
FORM = re.compile(r'name="form"[^>]*value="([^"]*)"')
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]*)"')
ORGANIZER = "organizer@example.org"
words = Mnemonic("english")


class Client:
    """One of them: what it asks from, and what it is answered."""

    def __init__(self, url: str, slug: str, network: int, number: int) -> None:
        parts = urlsplit(url)
        self.place = (parts.hostname or "", parts.port or 80)
        self.page, self.number = f"/p/{slug}", number
        self.here = (f"127.{network}.0.{number + 1}", 0)
        self.headers = {"X-Forwarded-For": f"10.{network}.0.{number + 1}"}
        self.statuses = Counter[int]()
        self.line = HTTPConnection(*self.place, timeout=90, source_address=self.here)
        self.cookie = self.token = ""

    def ask(self, path: str, body: bytes | None = None) -> str:
        """Ask for a page, or send a form; return the answer."""
        headers = self.headers | ({"Cookie": self.cookie} if self.cookie else {})
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        self.line.request("GET" if body is None else "POST", path, body, headers)
        answer = self.line.getresponse()
        if cookie := answer.headers.get("Set-Cookie"):
            self.cookie = cookie.partition(";")[0]
        if body is not None:
            self.statuses[answer.status] += 1
        return answer.read().decode(errors="replace")

    def send(self, path: str, **fields: str) -> str:
        """Send a form."""
        return self.ask(path, urlencode(fields).encode())


def some_name() -> str:
    """Return an invented name."""
    return f"Вера {''.join(secrets.choice('абвгдежзиклмнопрст') for _ in range(8)).title()}"


def some_address() -> str:
    """Return an invented mail address."""
    return f"{secrets.token_hex(6)}@example.org"


# --- what they do -----------------------------------------------------------------------------------------------


def sign(client: Client, turn: int) -> None:
    """Sign with a new form, half of them for one and the same address."""
    found = FORM.search(client.ask(f"{client.page}/sign"))
    fields = {"form": html.unescape(found[1]) if found else "", "name": some_name(), "lang": "ru", "consent": "1"}
    email = "victim@example.org" if turn % 2 else some_address()
    client.send(f"{client.page}/sign", **fields, email=email, publish="0")


def guess_words(client: Client, turn: int) -> None:
    """Guess somebody's twelve words, or type what are none."""
    client.send("/my", code=words.generate() if turn % 4 else "these are no words")


def guess_pages(client: Client, turn: int) -> None:
    """Type codes on pages that nobody has, or without their page."""
    if turn % 4 == 0:
        client.send(f"{client.page}/confirm", pending="", code=secrets.token_hex(4))
    else:
        path = ("confirm", "confirm/kept", "confirm/discard")[turn % 4 - 1]
        client.send(f"{client.page}/{path}", pending=secrets.token_hex(16), code="0000-0000")


def search(client: Client, turn: int) -> None:
    """Look for a name among the signatories."""
    client.send(f"{client.page}/signatories", q=some_name())


def not_me(client: Client, turn: int) -> None:
    """Claim not to have signed."""
    client.send(f"{client.page}/not-me", name=some_name(), words="Not me.")


def guess_passwords(client: Client, turn: int) -> None:
    """Guess the password of the organizer, or of ever other accounts."""
    if not client.token:
        found = CSRF.search(client.ask("/organizer/login"))
        client.token = html.unescape(found[1]) if found else ""
    email = ORGANIZER if client.number % 2 else some_address()
    client.send("/organizer/login", csrf_token=client.token, email=email, password=secrets.token_hex(8))


def send_large(client: Client, turn: int) -> None:
    """Send the largest form that is taken, full of fields or in one, or a larger one."""
    path = ("sign", "confirm", "not-me", "signatories")[turn % 4]
    bodies = (
        b"&".join(b"a%d=%%D0%%B6" % each for each in range(4000))[:LARGE],
        b"name=" + b"x" * (LARGE - 5),
        b"code=" + b"x" * (9 * LARGE),
    )
    client.ask(f"{client.page}/{path}", bodies[turn // 4 % 3])


def send_slowly(client: Client, turn: int) -> None:
    """Begin to send a form, and send a letter now and then; begin again when the server hangs up."""
    head = f"POST {client.page}/sign HTTP/1.1\r\nHost: {client.place[0]}\r\nContent-Length: 300\r\n"
    with socket.create_connection(client.place, timeout=10, source_address=client.here) as line:
        line.sendall(f"{head}X-Forwarded-For: {client.headers['X-Forwarded-For']}\r\n\r\n".encode())
        for _ in range(300):
            line.sendall(b"a")
            time.sleep(0.2)


Kind = Callable[[Client, int], None]
KINDS: dict[str, Kind] = {
    "signatures": sign, "words": guess_words, "pages": guess_pages, "searches": search, "not me": not_me,
    "passwords": guess_passwords, "large forms": send_large, "slow bodies": send_slowly,
}  # fmt: skip


# --- all of them ------------------------------------------------------------------------------------------------


def attack(kind: Kind, client: Client, until: float) -> None:
    """Do one thing again and again until the time is over; all begin within a second."""
    time.sleep(PAUSE * client.number / CLIENTS)
    turn = client.number
    while (began := time.monotonic()) < until:
        with suppress(OSError, HTTPException):
            kind(client, turn)
        client.line.close()
        turn += 1
        time.sleep(max(0.02, PAUSE - (time.monotonic() - began)))


def main() -> None:
    """Run from the shell."""
    kind, url, slug, network, seconds = sys.argv[1:]
    until = time.monotonic() + float(seconds)
    clients = [Client(url, slug, int(network), number) for number in range(CLIENTS)]
    for client in clients:
        threading.Thread(target=attack, args=(KINDS[kind], client, until), daemon=True).start()
    time.sleep(max(0.0, until - time.monotonic()))
    statuses = sum((client.statuses for client in clients), Counter[int]())
    print(json.dumps({str(status): number for status, number in sorted(statuses.items())}))


if __name__ == "__main__":
    main()
