"""The drill itself: read the files, open what opens, look for everybody, and judge."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import accumulate
from pathlib import Path
from time import sleep
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, func, select

from petition_app import config
from petition_app.clock import utcnow
from petition_app.crypto import vault
from petition_app.drill import links, opening, order, seized_data
from petition_app.drill.dictionary import ADDRESS, Clue, Dictionary, keys_from, needles
from petition_app.drill.judging import Hit, PetitionResult, Report, judge
from petition_app.drill.links import ROSTER, Link
from petition_app.drill.opening import Keys
from petition_app.drill.search import Needles
from petition_app.drill.seized_data import ByteSource, Database, RowBlock, as_bytes, as_uuid
from petition_app.drill.survey import Survey, add_roster, survey
from petition_app.errors import StorageSealedError
from petition_app.storage import erasures
from petition_app.storage.db import snapshot
from petition_app.storage.engines import database_files
from petition_app.storage.spreadsheets import read_rows

SLICE, TRIES, PAUSE = 2000, 20, 0.1
GAP = b"\x00\n"
BY_SERVER = "with a key found on the server"
NAME_COLUMNS = ("name", "фио")


def run(*, also: Sequence[Path] = (), names: Path | None = None, say: Callable[[str], object] = print) -> Report:
    """Play the adversary over the database at one moment, the instance folder and `also`; nothing is changed.

    The dictionary is everybody on any roster, and, where given, a file of names and addresses. It is called outside of
    any transaction. Raises: UnreadableFileError.
    """
    with _one_moment() as connection:
        return Drill(connection, also=also, names=names, say=say).run()


@contextmanager
def _one_moment() -> Iterator[Connection]:
    """Give a moment in which no erasure is half done, if there is one: the worker would see to it a little later."""
    pending = select(func.count()).select_from(erasures.PendingCheckpoint)
    for left in reversed(range(TRIES)):
        erasures.settle(patience=erasures.AT_ONCE)
        with snapshot() as connection:
            if not left or not connection.scalar(pending):
                yield connection
                return
        sleep(PAUSE)  # Two cannot empty a log at once, and the other one may be waiting for this reader.


class Drill:
    """One drill over one installation."""

    def __init__(
        self, connection: Connection, *, also: Sequence[Path], names: Path | None, say: Callable[[str], object]
    ) -> None:
        self._connection, self._say, self._report, self._keys = connection, say, Report(), Keys()
        self._instance = config.current().instance
        self._own_files = {path.resolve() for path in database_files()}
        left_out = [names] if names else []
        self._files = seized_data.list_files([self._instance, *sorted(self._own_files), *also], leave_out=left_out)
        self._databases = [seized_data.live(connection)]
        self._known = survey(self._databases[0])
        dictionary = Dictionary()
        add_roster(dictionary, self._databases[0])
        for name, addresses in _read_names(names) if names else ():
            dictionary.add(name, *addresses).named = True
        self._people = dictionary.people
        self._hits: set[Hit] = set()
        self._links: set[Link] = set()
        self._opened: set[object] = set()
        self._unread: set[str] = set()

    def run(self) -> Report:
        """Return what the adversary has learnt."""
        self._say("Reading files …")
        self._collect_keys()
        self._read_files()
        self._say("Opening what can be opened …")
        for database in self._databases:
            self._open(database, survey(database) if database.copy else self._known)
        for first in range(0, len(self._people), SLICE):
            self._say(f"Looking for people {first + 1} to {min(first + SLICE, len(self._people))} …")
            self._search(first)
        for database in self._databases:
            self._links |= set(links.in_rows(database, self._known))
        self._links |= set(order.in_order(self._connection, files=sorted(self._own_files), at=utcnow()))
        self._report.unread = sorted(self._unread)
        self._report.findings = judge(self._hits, self._links, self._people, self._known)
        self._report.petitions = [
            PetitionResult(
                slug=slug,
                mode="sealed" if petition_id in self._known.sealed else "standard",
                signatures=len(of := [one for one, its in self._known.signatures.items() if its == petition_id]),
                readable=len(self._known.keyed & set(of)),
                opened=len(self._opened & set(of)),
                published=self._known.published[petition_id],
            )
            for petition_id, slug in sorted(self._known.slugs.items(), key=lambda entry: entry[1])
        ]
        return self._report

    # --- files and keys -------------------------------------------------------------------------------------------

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._instance)) if path.is_relative_to(self._instance) else str(path)

    def _heaps(self) -> Iterator[ByteSource]:
        for path in self._files:
            try:
                yield from seized_data.read_heaps(path, self._name(path), database=path.resolve() in self._own_files)
            except FileNotFoundError:
                continue  # It was there for a moment.
            except OSError:
                self._unread.add(self._name(path))

    def _collect_keys(self) -> None:
        self._keys.texts.add(config.current().secret_key)
        try:
            self._keys.random |= set(vault.key_ring().keys.values())
        except StorageSealedError:
            self._say("The key ring cannot be read.")
        kept = self._instance / "secrets.json"
        if kept.exists():
            self._keys.texts |= {value for value in json.loads(kept.read_text()).values() if isinstance(value, str)}

    def _read_files(self) -> None:
        """Collect keys, copies of the database, codes, visits and erased keys."""
        for heap in self._heaps():
            self._keys.collect(heap)
            self._links |= set(links.in_heap(heap, self._known))
            erased = opening.find_erased_keys(heap, self._known)
            self._links |= {Link("an erased key", heap.where, signature) for signature in erased}
        for path in self._files:
            if path.resolve() not in self._own_files:
                with suppress(OSError), path.open("rb") as file:
                    if file.read(len(seized_data.SQLITE)) == seized_data.SQLITE:
                        self._databases.append(seized_data.copy_of(path, f"{self._name(path)}: "))
        self._report.people, self._report.files = len(self._people), len(self._files)
        self._report.keys = len(self._keys.random) + len(self._keys.texts)

    # --- opening --------------------------------------------------------------------------------------------------

    def _open(self, database: Database, known: Survey) -> None:
        opened = opening.open_signatures(database, known, self._keys)
        for signature_id, by in opened.items():
            if not database.copy:
                self._opened.add(signature_id)
            if not database.copy or signature_id in self._known.erased:
                self._links.add(Link("a sealed part, opened", f"{database.copy}sealed_parts", signature_id, how=by))
        for table, petition_id, text in opening.open_waiting(database, self._keys):
            self._read_waiting(f"{database.copy}{table}", petition_id, text)

    def _read_waiting(self, where: str, petition_id: UUID | None, text: str) -> None:
        """Look for addresses in what waits, on whichever line they stand; it says which petition it is for."""
        lines = {line.strip().casefold() for line in text.split("\n")}
        signature = next((one for one in map(as_uuid, lines) if one in self._known.signatures), None)
        scope = petition_id or (self._known.signatures[signature] if signature else None)
        known = False
        for number, person in enumerate(self._people):
            if not lines.isdisjoint(address.casefold() for address in person.addresses):
                self._hits.add(Hit(number, ADDRESS, f"opened {BY_SERVER}", where, scope=scope, signature=signature))
                known = True
        if not known:
            link = Link("something that waits, opened", where, signature=signature, petition=scope, how=BY_SERVER)
            self._links.add(link)

    # --- searching ------------------------------------------------------------------------------------------------

    def _search(self, first: int) -> None:
        keys = keys_from(self._keys.texts, self._keys.random)
        some = self._people[first : first + SLICE]
        found, clues = needles(some, first=first, keys=keys, petitions=self._known.slugs)
        wanted = Needles(found)
        for database in self._databases:
            for block in database.blocks():
                self._hits |= set(self._in_block(block, database.copy, wanted, clues))
        for heap in self._heaps():
            for _, number in wanted.find(heap.data):
                clue = clues[number]
                self._hits.add(Hit(clue.person, clue.what, clue.how, heap.where, raw=heap.database))

    def _in_block(self, block: RowBlock, copy: str, wanted: Needles, clues: Sequence[Clue]) -> Iterator[Hit]:
        for column, name in enumerate(block.columns):
            cells = [as_bytes(row[column]) for row in block.rows]
            ends = np.array(list(accumulate(len(cell) + len(GAP) for cell in cells)))
            for position, number in wanted.find(GAP.join([*cells, b""])):
                row = block.rows[int(np.searchsorted(ends, position, "right"))]
                clue, about = clues[number], self._known.about(row)
                yield Hit(
                    clue.person, clue.what, clue.how, f"{copy}{block.table}.{name}",
                    # In a copy only the roster may hold names: what was public once may not be so any more.
                    table=block.table if not copy or block.table in ROSTER else "",
                    scope=self._scope(block, row, about), signature=about,
                )  # fmt: skip

    def _scope(self, block: RowBlock, row: seized_data.Row, about: UUID | None) -> UUID | None:
        if about:
            return self._known.signatures[about]
        if "petition_id" in block.columns:
            return as_uuid(row[block.columns.index("petition_id")])
        return None


def _read_names(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Read a dictionary of names and addresses: a table with a column `name` (ФИО), or one name a line."""
    column = 0
    for line, cells in read_rows(path):
        titles = [cell.strip().casefold() for cell in cells]
        if line == 1 and any(title in titles for title in NAME_COLUMNS):
            column = next(titles.index(title) for title in NAME_COLUMNS if title in titles)
        elif column < len(cells) and cells[column].strip():
            yield cells[column], [cell for cell in cells if "@" in cell]
