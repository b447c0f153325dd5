"""What the worker does, by the name of a job or by an interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from petition_app.mailer.smtp import Letter
from petition_app.retention import row_order
from petition_app.storage import erasures
from petition_app.worker.rounds import Task
from petition_app.worker.tasks import (
    accounts,
    imports,
    keys,
    mail,
    petitions,
    refolding,
    retention,
    roster,
    signatures,
    tally,
    verification,
)

Payload = dict[str, Any]
Intervals = tuple[tuple[timedelta, Task], ...]


def settle_erasures(_at: datetime) -> None:
    """Empty a log that may still keep what was erased."""
    erasures.settle()


def order_rows(at: datetime) -> bool:
    """Do some of a round that lets rows lie in no order of time; return whether some is left."""
    return row_order.go_on(at=at)


# Messages: each task writes its letter, which is delivered outside of any transaction.
LETTERS: Mapping[str, Callable[[Payload, datetime], Letter | None]] = {
    "accounts.mail_invitation": accounts.mail_invitation,
    "accounts.mail_notice": accounts.mail_notice,
    "signatures.mail_code": signatures.mail_code,
    "verification.mail_reminder": verification.mail_reminder,
}
FAILURES: Mapping[str, Callable[[Payload, str, datetime], object]] = {
    "signatures.mail_code": signatures.note_failure,
    "verification.mail_reminder": signatures.note_failure,
}
TASKS: Mapping[str, Callable[[Payload, datetime], object]] = {
    "verification.rematch": verification.rematch,
    "verification.bulk": verification.run_bulk,
    "verification.import": imports.run_import,
    "verification.undo_import": imports.undo_import,
    refolding.NAME: refolding.refold,
}
PERIODIC: Intervals = (
    (timedelta(seconds=1), tally.publish_left),
    (timedelta(seconds=5), tally.fold_deltas),
    (timedelta(seconds=2), verification.match_waiting),
    (timedelta(seconds=5), verification.settle_waiting),
    (timedelta(seconds=10), tally.link_trail),
    (timedelta(seconds=10), signatures.drop_lost),
    (timedelta(seconds=5), signatures.hear_knocks),
    (timedelta(minutes=1), signatures.end_showing_words),
    (timedelta(minutes=1), keys.lock_idle),
    (timedelta(hours=1), tally.count_roles),
    (timedelta(hours=1), tally.sort_names),
    (timedelta(hours=1), signatures.forget_confirmations),
    (timedelta(hours=1), verification.remind),
    (timedelta(hours=1), accounts.tell_waiting),
    (timedelta(hours=1), verification.close_unanswered),
    (timedelta(hours=1), retention.retain),
    (timedelta(hours=1), retention.note_retained),
    (timedelta(hours=1), retention.report_held),
    (timedelta(hours=1), roster.discard_versions),
    (timedelta(hours=1), roster.forget_uploads),
    (timedelta(hours=1), imports.forget_imports),
    (timedelta(hours=1), petitions.forget_dead_letters),
    (timedelta(hours=1), signatures.forget_sent),
    (timedelta(minutes=5), petitions.freeze_silent),
)
# What opens its own transactions, or needs none to be open.
OUTSIDE: Intervals = (
    (timedelta(seconds=5), settle_erasures),
    (timedelta(minutes=1), order_rows),
    (timedelta(minutes=1), mail.ask_server),
)
# What several workers may do at once, each its own rows; all else that comes round is one worker's at a time.
TOGETHER = (verification.match_waiting,)
# What does a slice at a time and says how much that was.
IN_SLICES = (verification.match_waiting, retention.retain, tally.sort_names)
AT_ONCE = (retention.retain, tally.sort_names)  # Due again at once while it has done something.
# What takes a worker for gone; it waits until those that live could show it.
JUDGES_WORKERS = signatures.drop_lost


@dataclass(frozen=True)
class Schedule:
    """What the worker of one application does."""

    letters: Mapping[str, Callable[[Payload, datetime], Letter | None]] = field(default_factory=lambda: LETTERS)
    failures: Mapping[str, Callable[[Payload, str, datetime], object]] = field(default_factory=lambda: FAILURES)
    tasks: Mapping[str, Callable[[Payload, datetime], object]] = field(default_factory=lambda: TASKS)
    periodic: Intervals = PERIODIC
    outside: Intervals = OUTSIDE
