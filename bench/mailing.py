"""The worker's mail: messages a second to a mail server on this machine, each found sealed and handed over once.

`python bench/mailing.py [--size N] [--json]`. One worker, started as production does; the rate is that of the server's
own clock between its first message and its last. The control sends as many messages of the same size with smtplib
over one connection that is kept, in a loop that needs no database.
"""

from __future__ import annotations

import argparse
import json
import smtplib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from places import Installation, end, folder, free_port, postgresql, start
from rows import Row, row, table

from petition_app.app import create_app
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.petitions.services import get_by_slug
from petition_app.signatures.messages import Message, enqueue_message
from petition_app.signatures.sealing import Identity
from petition_app.signatures.services import NewSignature, add_unconfirmed
from petition_app.storage.db import db, transaction

BAR = 200
PETITION = """
slug = "letter"
addressee = "The Assembly"
who_may_sign = "anybody"
reviewers = 1
mail = "required"
title.en = "A letter"
text.en = "We ask."
"""
WORDS = "Your code is 12345678.\n\nType it on the page that you have open. If you did not ask for it, do nothing.\n" * 3


class Sink:
    """A mail server that takes everything and writes when it took the latest message."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("a", buffering=1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- its name.
        """Take a message."""
        self._log.write(f"{time.monotonic()}\n")
        return "250 taken"


def serve(port: int, log: Path) -> None:
    """Be the mail server, until ended."""
    Controller(Sink(log), hostname="127.0.0.1", port=port).start()
    while True:
        time.sleep(1)


@contextmanager
def sink(place: Path) -> Iterator[tuple[int, Path]]:
    """Run the mail server in a process of its own; give its port and the file of its times."""
    port, log = free_port(), place / "taken"
    log.touch()
    process = start([sys.executable, __file__, "--sink", str(port), str(log)], {}, place / "sink")
    try:
        for _ in range(200):
            try:
                smtplib.SMTP("127.0.0.1", port, timeout=5).quit()
                break
            except OSError:
                time.sleep(0.05)
        yield port, log
    finally:
        end(process)


def rate(log: Path, number: int) -> float:
    """Return the messages a second that the server has taken since the file was emptied."""
    times = [float(line) for line in log.read_text().split()]
    if len(times) != number:
        raise RuntimeError(f"{len(times)} messages arrived, not {number}")
    return (number - 1) / (times[-1] - times[0])


def measure_worker(place: Path, database_url: str, port: int, log: Path, number: int) -> float:
    """Let messages wait, and have a worker deliver them."""
    installation = Installation(place, database_url, MAIL_URL=f"smtp://127.0.0.1:{port}/")
    (place / "letter.toml").write_text(PETITION)
    installation.flask("petitions", "create", str(place / "letter.toml"))
    installation.flask("petitions", "open", "letter")
    app = create_app(Settings.from_environment(installation.environ))
    with app.app_context():
        with transaction():
            petition = get_by_slug("letter")
            new = NewSignature("", Identity("Vera Sample"), "", "en", 0, None)
            about = add_unconfirmed(new, petition=petition, case={}, at=utcnow())
            for one in range(number):
                message = Message("12345678", "en", f"signer{one}@example.org", about)
                enqueue_message("signatures.mail_code", message, petition, at=utcnow())
        db.session.remove()
        db.engine.dispose()
    log.write_text("")
    installation.flask("worker", "--drain")
    return rate(log, number)


def measure_control(port: int, log: Path, number: int) -> float:
    """Send messages of the same size over one connection, and do nothing else."""
    log.write_text("")
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as connection:
        for one in range(number):
            message = EmailMessage()
            message["From"], message["To"] = "no-reply@127.0.0.1", f"signer{one}@example.org"
            message["Subject"] = "Your code"
            message.set_content(WORDS)
            connection.send_message(message)
    return rate(log, number)


def measure(number: int) -> list[Row]:
    """Return a row for each database."""
    rows = []
    with folder() as outer, sink(outer) as (port, log):
        for name in ("PostgreSQL", "SQLite"):
            with folder() as place:
                control = measure_control(port, log, number)
                if name == "SQLite":
                    value = measure_worker(place, "", port, log, number)
                else:
                    with postgresql(place) as url:
                        value = measure_worker(place, url, port, log, number)
            title = f"mail worker, {name}, messages a second"
            rows.append(row(title, value, control=control, bar=BAR, holds=value >= BAR))
    return rows


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sink", nargs=2, metavar=("PORT", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sink:
        serve(int(options.sink[0]), Path(options.sink[1]))
        return
    rows = measure(min(options.size, 2000))
    print(json.dumps(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
