"""The posting of messages: each is handed over once, over one line to the mail server, with one commit a message."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from petition_app.clock import utcnow
from petition_app.mailer import offers, smtp
from petition_app.mailer.smtp import Letter, Line
from petition_app.storage import jobs
from petition_app.storage.db import transaction
from petition_app.storage.jobs import Job

logger = logging.getLogger(__name__)

# A round must be over well before its claims run out; what is left then goes back.
PATIENCE = jobs.CLAIM.total_seconds() / 3

Writer = Callable[[dict[str, Any], datetime], Letter | None]


@dataclass(frozen=True)
class ClaimedJob:
    """A job that this worker has claimed: the `tries` tell it from any other worker's claim."""

    id: UUID
    name: str
    payload: dict[str, Any]
    tries: int
    handed: bool

    @classmethod
    def of(cls, job: Job) -> ClaimedJob:
        """Return what must be known of a claimed job once its transaction has ended."""
        return cls(job.id, job.name, job.payload, job.tries, job.handed_at is not None)


class TooLateError(Exception):
    """A letter that nobody can use any more, so that it is not sent: its code has run out."""


class LostClaimError(Exception):
    """Another worker has taken the message up, since this one took too long."""


class DeliveryBatch:
    """Messages claimed together and delivered one after the other.

    That a message is handed over is written before the server may take it, and with it, in the same commit, what
    became of the one before. So of a worker that is killed at most one message is found handed over.
    """

    def __init__(
        self,
        line: Line,
        *,
        writers: Mapping[str, Writer],
        note_sent: Callable[[Letter, str, datetime], None],
        on_failure: Callable[[ClaimedJob, str], None],
    ) -> None:
        """`note_sent` remembers what was delivered; `tell_case` is told what was given up, and why."""
        self._line, self._writers, self._note_sent, self._tell_case = line, writers, note_sent, on_failure
        self._done: list[tuple[ClaimedJob, Letter | None]] = []

    def post_all(self, messages: Sequence[ClaimedJob]) -> None:
        """Deliver messages; what cannot be now is tried again later, and what there is no time for goes back."""
        began = monotonic()
        try:
            for number, taken in enumerate(messages):
                if monotonic() - began > PATIENCE:
                    with transaction():
                        jobs.give_back({one.id: one.tries for one in messages[number:]}, at=utcnow())
                    break
                self._post_or_postpone(taken)
        finally:
            self.finish()

    def _post_or_postpone(self, taken: ClaimedJob) -> None:
        try:
            self.post(taken)
        except LostClaimError:
            pass
        except Exception as error:
            logger.warning("Job %s failed: %s", taken.name, type(error).__name__)
            with transaction():
                tried_again = jobs.postpone(taken.id, failure=type(error).__name__, at=utcnow(), is_letter=True)
            if not tried_again:
                self._tell_case(taken, type(error).__name__)

    def post(self, taken: ClaimedJob) -> None:
        """Deliver a message once: what may have arrived is never sent again without somebody having looked.

        A message found handed over, because its worker was killed, and one whose connection broke at that point, are
        left to the organizers; so is what was refused. Raises: LostClaimError, and what may be over by another time.
        """
        letter, failure = (None, smtp.UnsureError.__name__) if taken.handed else self._try_to_send(taken)
        if not failure:
            self._done.append((taken, letter))
            return
        logger.warning("Message %s was not delivered: %s", taken.name, failure)
        with transaction():
            jobs.mark_dead(taken.id, failure=failure, at=utcnow())
        self._tell_case(taken, failure)

    def finish(self) -> None:
        """Write what became of the messages that were delivered last, and what the server said it can do."""
        if self._done:
            with transaction():
                self._write_done()
            self._done.clear()
        if (utf8 := self._line.take_greeting()) is not None:
            with transaction():
                offers.note(utf8=utf8, on=utcnow().date())

    def _try_to_send(self, taken: ClaimedJob) -> tuple[Letter | None, str]:
        """Send a message; return it, and why it must not be tried again, if so."""
        try:
            with transaction(saving=False):
                letter = self._writers[taken.name](taken.payload, utcnow())
        except TooLateError as error:
            return None, type(error).__name__
        try:
            if letter:
                smtp.send(letter, message_id=taken.id.hex, hand_over=lambda: self._hand_over(taken), line=self._line)
        except smtp.RefusedError as error:
            return letter, f"{type(error).__name__} {error.code}"
        except (smtp.UnsureError, smtp.UnsendableError, smtp.NoUtf8Error) as error:
            return letter, type(error).__name__
        return letter, ""

    def _hand_over(self, taken: ClaimedJob) -> None:
        with transaction():
            if not jobs.mark_sending(taken.id, tries=taken.tries, at=utcnow()):
                raise LostClaimError
            self._write_done()
        self._done.clear()

    def _write_done(self) -> None:
        for taken, letter in self._done:
            jobs.finish(taken.id)
            if letter:
                self._note_sent(letter, taken.id.hex, utcnow())
