"""Hostile clients, each on an address of its own on this machine: `python bench/floods.py KIND URL SLUG SECONDS`.

They run in a process apart from whoever measures, ask again as soon as they were answered, and say how often they were.
"""

from __future__ import annotations

import html
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import httpx

CLIENTS, PAUSE = 40, 0.02
FORM = re.compile(r'name="form"[^>]*value="([^"]*)"')
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]*)"')


def some_name() -> str:
    """Return an invented name."""
    return f"Вера {''.join(secrets.choice('абвгдежзиклмнопрст') for _ in range(8)).title()}"


def sign(client: httpx.Client, slug: str) -> httpx.Response:
    """Sign once, as the page does."""
    found = FORM.search(client.get(f"/p/{slug}/sign").text)
    fields = {"form": html.unescape(found[1]) if found else "", "name": some_name(), "lang": "ru", "consent": "1"}
    return client.post(
        f"/p/{slug}/sign", data=fields | {"email": f"{secrets.token_hex(6)}@example.org", "publish": "0"}
    )


def guess_words(client: httpx.Client, slug: str) -> httpx.Response:
    """Guess somebody's words."""
    return client.post("/my", data={"code": " ".join([secrets.choice(("apple", "river", "stone"))] * 12)})


def search(client: httpx.Client, slug: str) -> httpx.Response:
    """Look for a name."""
    return client.post(f"/p/{slug}/signatories", data={"q": some_name()})


def not_me(client: httpx.Client, slug: str) -> httpx.Response:
    """Claim not to have signed."""
    return client.post(f"/p/{slug}/not-me", data={"name": some_name(), "email": f"{secrets.token_hex(6)}@example.org"})


def large(client: httpx.Client, slug: str) -> httpx.Response:
    """Send as large a form as may be, and one that is larger."""
    client.post(f"/p/{slug}/sign", data={"name": "x" * 60_000})
    return client.post("/my", data={"code": "x" * 600_000})


def password(client: httpx.Client, slug: str) -> httpx.Response:
    """Guess a password of the organizer's."""
    found = CSRF.search(client.get("/organizer/login").text)
    fields = {"csrf_token": html.unescape(found[1]) if found else "", "email": "organizer@example.org"}
    return client.post("/organizer/login", data=fields | {"password": secrets.token_hex(8)})


KINDS: dict[str, Callable[[httpx.Client, str], httpx.Response]] = {
    "sign": sign, "my": guess_words, "search": search, "not-me": not_me, "large": large, "password": password,
}  # fmt: skip


def flood(kind: str, url: str, slug: str, number: int, until: float, answered: list[int]) -> None:
    """Do one thing again and again from one address."""
    transport = httpx.HTTPTransport(local_address=f"127.0.1.{number + 1}")
    with httpx.Client(base_url=url, transport=transport, timeout=10) as client:
        while time.monotonic() < until:
            with suppress(httpx.HTTPError):
                KINDS[kind](client, slug)
                answered[number] += 1
            time.sleep(PAUSE)


def slow(url: str, slug: str, number: int, until: float, answered: list[int]) -> None:
    """Send a form byte by byte; begin again when the server hangs up."""
    body = urlencode({"name": "x" * 4000}).encode()
    head = (
        f"POST /p/{slug}/sign HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    while time.monotonic() < until:
        with suppress(OSError):
            to = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
            with socket.create_connection(to, timeout=5, source_address=(f"127.0.1.{number + 1}", 0)) as line:
                line.sendall(head.encode())
                answered[number] += 1
                for place in range(len(body)):
                    if time.monotonic() >= until:
                        break
                    line.sendall(body[place : place + 1])
                    time.sleep(0.1)


def main() -> None:
    """Run from the shell."""
    kind, url, slug, seconds = sys.argv[1:]
    until, answered = time.monotonic() + float(seconds), [0] * CLIENTS
    threads = [
        threading.Thread(target=slow, args=(url, slug, number, until, answered))
        if kind == "slow"
        else threading.Thread(target=flood, args=(kind, url, slug, number, until, answered))
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(sum(answered))


if __name__ == "__main__":
    main()
