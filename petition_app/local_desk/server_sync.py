"""What the local desk does with the server: fetch the next case, send acts, match, settle, open names that are due."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from petition_app.accounts.models import Account
from petition_app.clock import utcnow
from petition_app.crypto import vault
from petition_app.crypto.vault import UnreadableError
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys import member_keys
from petition_app.keys.models import AccountKey
from petition_app.keys.open_keys import LockedError
from petition_app.local_desk import due_names, mirror, results
from petition_app.local_desk.client import Server
from petition_app.local_desk.recording import RecordingAccess
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.cases import pair_notes
from petition_app.verification.matching_cases import matches, pairs
from petition_app.verification.remote import lending, signed_commands

CHUNK = 100
ROUNDS = 20


class ManyError(DomainError):
    """So many cases are to be matched that it takes time."""

    message = N_("Many cases are not matched yet. Match them first; it can be interrupted and gone on with.")


class BusyError(DomainError):
    """Others are faster."""

    message = N_("New signatures keep arriving, so no case could be given. Please try again.")


class NamesChangedError(DomainError):
    """What was shown is not what would be opened."""

    message = N_("What is due has changed meanwhile, so no name was opened. Please look at the list again.")


@dataclass
class DeskSession:
    """One member's errands to one server. The signing key lies here under the secret of the browser's cookie."""

    server: Server
    petition_id: UUID = field(default_factory=lambda: UUID(int=0))
    account_id: UUID = field(default_factory=lambda: UUID(int=0))
    signing_box: bytes = field(default=b"", repr=False)
    due: list[UUID] = field(default_factory=list)
    beside: list[UUID] = field(default_factory=list)
    leave: list[set[UUID]] = field(default_factory=list)
    asked: set[UUID] = field(default_factory=set)
    seen: dict[UUID, int] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=lambda: {"today": 0, "left": 0})

    # --- keys ---------------------------------------------------------------------------------------------------

    def keep_signing_key(self, passphrase: str, secret: bytes) -> None:
        """Keep the signing key as ciphertext, as long as this process lives."""
        key = db.session.get_one(AccountKey, self.account_id)
        halves = member_keys.open_account_key(key, passphrase)
        if halves:
            self.signing_box = vault.encrypt(secret, halves[1], self._bound())

    def _bound(self) -> bytes:
        return f"signing/v1|{self.account_id}".encode()

    # --- the mirror ---------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Bring the mirror up to date."""
        found = self.server.get(f"mirror?roster={mirror.roster_number()}")
        mirror.take_outline(found)
        self.own = {name: int(number) for name, number in found["own_work"].items()}
        self.petition_id, self.account_id = UUID(found["petitions"][0]["id"]), UUID(found["accounts"][0]["id"])

    def petition(self) -> Petition:
        """Return the petition of this desk."""
        return db.session.get_one(Petition, self.petition_id)

    def account(self) -> Account:
        """Return the member whose desk this is."""
        return db.session.get_one(Account, self.account_id)

    # --- the next case --------------------------------------------------------------------------------------------

    def next_case(self, secret: bytes, *, after: UUID | None, asked: bool) -> UUID | None:
        """Have the server lease a case, with what it is compared with, and return its id.

        Before that, what is not matched yet is matched, where that takes no noticeable time, and agreed cases that
        waited for somebody with the keys are carried out.

        Raises:
            ManyError, BusyError, EnoughError, AwayError, TokenError, RefusedError, LockedError
        """
        self.refresh()
        wish = {"after": str(after) if after else None, "asked": asked, "settled": False}
        for _ in range(ROUNDS):
            found = self.server.post("next", wish)
            if "left" in found:
                if found["live"] > pairs.AT_ONCE:
                    raise ManyError
                self.match_all(secret)
            elif "waiting" in found:
                self._settle(found["waiting"], secret)
                wish["settled"] = True
            else:
                return self._take(found)
        raise BusyError

    def _take(self, found: dict[str, Any]) -> UUID | None:
        if found["case"] is None:
            mirror.let_go()
            return None
        (signature,) = mirror.take_cases(found["case"])
        mirror.hold(signature.id, by=self.account(), until=mirror.in_seconds(found["seconds"]))
        try:
            alike = pair_notes.alike(signature)
        except UnreadableError:
            alike = set()
        if alike:
            ids = {"ids": [str(other) for other in sorted(alike)]}
            mirror.take_cases(_within_limit(self.server.post(f"cases/{signature.id}/others", ids)))
        return signature.id

    def _settle(self, waiting: list[dict[str, Any]], secret: bytes) -> None:
        for one in waiting:
            mirror.take_cases(one["case"])
        cases = [(UUID(one["case"]["signatures"][0]["id"]), one["mark"]) for one in waiting]
        self.send("settle", cases[0][0], {}, results.of_waiting(cases, self.petition()), secret)

    # --- matching -------------------------------------------------------------------------------------------------

    def fetch_all(self, secret: bytes) -> None:
        """Borrow every live signature, sealed, in place of what is here, to match it.

        Raises:
            EnoughError, AwayError, TokenError, RefusedError, LockedError
        """
        mirror.forget_cases()
        after: str | None = None
        while (rows := self._borrow(after, secret))["signatures"]:
            after = str(mirror.take_cases(rows)[-1].id)

    def _borrow(self, after: str | None, secret: bytes) -> dict[str, Any]:
        return _within_limit(self.send("borrow", self.petition_id, {"after": after}, {}, secret))

    def match_all(self, secret: bytes) -> None:
        """Fetch and match all that is left."""
        self.fetch_all(secret)
        while self.match_slice(secret).under_way:
            pass

    def match_slice(self, secret: bytes) -> pairs.Progress:
        """Match the next slice and send what was found: the sealed notes first, then which cases are matched."""
        petition, now = self.petition(), utcnow()
        number = matches.number_of(matches.current_roster(petition))
        before = mirror.matched(number)
        access = RecordingAccess()
        progress = pairs.run_slice(petition, access=access, by=self.account(), at=now)
        done = [str(id_) for id_ in mirror.matched(number) - before]
        notes = results.of_recording(access)["additions"]
        for start in range(0, len(notes), CHUNK):
            self.send_match(notes[start : start + CHUNK], [], number, secret)
        self.send_match([], done, number, secret)
        return progress

    def send_match(self, notes: list[dict[str, str]], matched: list[str], number: int, secret: bytes) -> None:
        """Send a part of what a run of matching has found."""
        self.send("match", self.petition_id, {"matched": matched, "number": number}, {"additions": notes}, secret)

    # --- names ----------------------------------------------------------------------------------------------------

    def fetch_names(self) -> None:
        """Fetch, sealed, the names that the server calls due, with those that it says are public beside them."""
        found = self.server.get("names")
        rows = mirror.take_cases(found)
        self.due = [UUID(id_) for id_ in found["due"]]
        self.beside = [row.id for row in rows if row.id not in self.due]
        self.leave = [set(map(UUID, ids)) for ids in found["leave"]]
        self.asked = set[UUID]().union(*(map(UUID, ids) for ids in found["asked"]))

    def check_names(self) -> due_names.Checked:
        """Check the names that were fetched; only those that pass may be opened for the public. Raises: LockedError."""
        due, beside = (
            [row for id_ in ids if (row := db.session.get(Signature, id_))] for ids in (self.due, self.beside)
        )
        return due_names.check(self.petition(), due, beside, self.seen)

    def sort_names(self) -> due_names.Sorted:
        """Check the names that were fetched and sort them by what is to be done. Raises: LockedError."""
        return due_names.sort(self.check_names(), self.leave, self.asked)

    def ask_names(self, chosen: set[UUID], secret: bytes) -> int:
        """Ask another organizer to agree to these names, by their cases alone; return how many.

        Raises:
            NamesChangedError, AwayError, TokenError, RefusedError, LockedError
        """
        cases = [str(name.signature_id) for name in self._ready(chosen)]
        return int(self.send("ask_names", self.petition_id, {"cases": cases}, {}, secret)["number"])

    def publish_names(self, chosen: set[UUID], secret: bytes) -> int:
        """Hand over the chosen names, to which another organizer has agreed; return how many were published.

        Raises:
            NamesChangedError: one of them does not pass the checks any more.
            AwayError, TokenError, RefusedError, LockedError
        """
        names = self._ready(chosen)
        made = {
            "names": {str(one.signature_id): vars(one.identity) for one in names},
            "judged_keys": {str(one.signature_id): one.key.hex() for one in names},
        }
        return int(self.send("names", self.petition_id, {}, made, secret)["number"])

    def _ready(self, chosen: set[UUID]) -> list[due_names.Name]:
        names = [name for name in self.check_names().ready if name.signature_id in chosen]
        if not names or len(names) != len(chosen):
            raise NamesChangedError
        return names

    # --- sending --------------------------------------------------------------------------------------------------

    def send(self, name: str, case: UUID, args: dict[str, Any], made: dict[str, Any], secret: bytes) -> dict[str, Any]:
        """Sign an act and send it; return what the server says.

        Raises:
            LockedError: the signing key is not open here. AwayError, TokenError, RefusedError
        """
        now: datetime = utcnow()
        act = {"act": name, "case": str(case), "args": args, "made": made,
               "nonce": secrets.token_hex(16), "at": now.isoformat()}  # fmt: skip
        body = json.dumps(act).encode()
        try:
            private = vault.decrypt(secret, self.signing_box, self._bound())
        except (UnreadableError, ValueError):
            raise LockedError from None
        signed = signed_commands.sign(body, private, petition_id=self.petition_id, account_id=self.account_id)
        return self.server.act(body, signed)


def _within_limit(found: dict[str, Any]) -> dict[str, Any]:
    """Return what the server has handed out, unless a day's limit is reached. Raises: EnoughError."""
    if "enough" in found:
        raise lending.EnoughError(**{name: int(found["enough"][name]) for name in ("taken", "most")})
    return found
