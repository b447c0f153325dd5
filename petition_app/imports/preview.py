"""What would become of a file of signatures: exactly what its import then does."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select

from petition_app.errors import DomainError
from petition_app.imports import files, sealed_file
from petition_app.imports.known_rows import REF_OTHER, KnownRows, pass_over
from petition_app.petitions.models import Petition
from petition_app.signatures.file_reader import (
    NEEDS_CONSENT,
    NO_TIER,
    REF_BEFORE,
    Row,
    Table,
    check_columns,
    is_known_word,
)
from petition_app.signatures.import_models import Import
from petition_app.storage.db import db
from petition_app.storage.spreadsheets import BadRow
from petition_app.tables.layout import ColumnsError, Layout
from petition_app.tables.survey import MOST_WORDS, Survey, look_over
from petition_app.tables.titles import SIGNATURES

EXAMPLES, SHOWN_BAD_ROWS = 5, 10
REPEATED = 0.9  # Of what an earlier import brought in: a file that holds as much is that file again, mended.


@dataclass(frozen=True)
class Preview:
    """What would become of a file: its good and bad rows, and some of each. `problem`: it cannot be read like this.

    `words` are those of the column of publication that do not say by themselves what they allow. `known` are the lines
    with a name and an address that are there already; `without_known`: they are left out.
    """

    layout: Layout
    survey: Survey
    problem: DomainError | None = None
    size: int = 0
    bad: tuple[BadRow, ...] = ()
    some: tuple[Row, ...] = ()
    known: tuple[int, ...] = ()
    without_known: bool = False

    @property
    def left_out(self) -> tuple[BadRow, ...]:
        """The bad rows, but for those that wait for an answer."""
        waiting = {NEEDS_CONSENT, *((NO_TIER,) if self.unanswered else ())}
        return tuple(row for row in self.bad if row.reason not in waiting)

    @property
    def some_bad(self) -> tuple[BadRow, ...]:
        """The first of them."""
        return self.left_out[:SHOWN_BAD_ROWS]

    @property
    def is_asked(self) -> bool:
        """Whether something must be answered before it is known how many rows can be taken."""
        return bool(self.unanswered or self.lacks_consent)

    @property
    def words(self) -> list[str]:
        """Words on publication whose meaning is asked; none where there are too many to be answers."""
        asked = [word for word in self.survey.words if not is_known_word(word)]
        return asked if len(self.survey.words) <= MOST_WORDS else []

    @property
    def unanswered(self) -> list[str]:
        """Words on publication whose meaning nobody has said."""
        return [word for word in self.words if word not in self.layout.answers]

    @property
    def lacks_consent(self) -> int:
        """How many rows ask for more than being counted, and nobody has said who holds the signers' word."""
        return sum(row.reason == NEEDS_CONSENT for row in self.bad)

    @property
    def repeated(self) -> int:
        """How many rows have a reference that was imported before."""
        return sum(row.reason in (REF_BEFORE, REF_OTHER) for row in self.bad)

    @property
    def is_ready(self) -> bool:
        """Whether nothing has to be mended or answered before the import."""
        return bool(self.size and not self.problem and not self.is_asked)


def leave_out_repeats(job: Import, key: bytes) -> None:
    """Leave out whoever is there already, until somebody says otherwise, where a file repeats an earlier import.

    Raises:
        ImportStateError, KeyGoneError
    """
    reading, petition = files.get_reading(job, key), db.session.get_one(Petition, job.petition_id)
    earlier = select(Import.added).where(Import.petition_id == petition.id, Import.state == "done", Import.added > 0)
    fewest = db.session.scalar(earlier.order_by(Import.added).limit(1))
    try:
        check_columns(reading.layout)
    except ColumnsError:
        return
    if petition.is_sealed or not fewest:  # Where nothing can be known again, the rows are not read for it.
        return
    table = Table(reading.layout, sealed_file.open_rows(job, key), bool(reading.consent))
    known = KnownRows(petition.id, without_known=False)
    for _ in pass_over(petition, table.rows(), known):
        pass
    if len(known.lines) >= REPEATED * fewest:
        files.set_reading(job, key, replace(reading, without_known=True))


def preview(job: Import, key: bytes) -> Preview:
    """Read a waiting file to its end and change nothing. Raises: ImportStateError, KeyGoneError."""
    reading = files.get_reading(job, key)
    survey = look_over(reading.layout, sealed_file.open_rows(job, key), SIGNATURES)
    try:
        check_columns(reading.layout)
    except ColumnsError as error:
        return Preview(reading.layout, survey, problem=error)
    size, bad, some = 0, list[BadRow](), list[Row]()
    table = Table(reading.layout, sealed_file.open_rows(job, key), bool(reading.consent))
    known = KnownRows(job.petition_id, without_known=reading.without_known)
    for row in pass_over(db.session.get_one(Petition, job.petition_id), table.rows(), known):
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        size += 1
        if size <= EXAMPLES:
            some.append(row)
    return Preview(
        reading.layout, survey, size=size, bad=tuple(bad), some=tuple(some), known=tuple(known.lines),
        without_known=reading.without_known,
    )  # fmt: skip
