"""What no local desk has sent stays locked; of what was sent, each addition goes to its own case."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from petition_app.keys.open_keys import LockedError
from petition_app.petitions.models import Petition
from petition_app.signatures.case_additions import Addition
from petition_app.signatures.models import Signature
from petition_app.verification.cases.case_access import CaseAccess
from petition_app.verification.cases.desk_results_access import DeskMatch, DeskResultsAccess, DeskResultsError
from petition_app.verification.cases.judged_names import Grounds

MARK = "ab" * 32
PETITION, SIGNATURE = Petition(id=uuid4(), mode="sealed"), Signature(id=uuid4())
GROUNDS = Grounds(uuid4(), 0, 2, None, reached=False)
ANOTHER = Addition(uuid4(), b"box", b"key")
NAME = {"name": "Ада Звонкая", "role": "", "place": ""}

LOCKED: dict[str, Callable[[CaseAccess], object]] = {
    "name": lambda access: access.read_name(SIGNATURE),
    "match": lambda access: access.match(SIGNATURE),
    "same entry": lambda access: access.same_entry(SIGNATURE),
    "index": lambda access: access.entry_index(PETITION, MARK),
    "entry": lambda access: access.find_entry(SIGNATURE, PETITION, bytes.fromhex(MARK)),
}
UNFIT: dict[str, Callable[[CaseAccess], object]] = {
    "addition": lambda access: access.append(SIGNATURE, {}),
    "proof": lambda access: access.prove(SIGNATURE, GROUNDS),
    "question": lambda access: access.seal_question(SIGNATURE.id, b"", "When?"),
}


@pytest.mark.parametrize("asked", LOCKED)
def test_what_was_not_sent_stays_locked(asked: str) -> None:
    with pytest.raises(LockedError):
        LOCKED[asked](DeskResultsAccess(uuid4()))


@pytest.mark.parametrize("asked", UNFIT)
def test_what_an_act_lacks_is_refused(asked: str) -> None:
    with pytest.raises(DeskResultsError):
        UNFIT[asked](DeskResultsAccess(uuid4(), additions=[ANOTHER]))


def test_a_name_without_the_key_of_its_proofs_stays_locked() -> None:
    with pytest.raises(LockedError):
        DeskResultsAccess(uuid4(), names={SIGNATURE.id: NAME}).read_name(SIGNATURE)


def test_an_entry_is_found_only_in_a_case_into_which_the_machine_has_looked() -> None:
    mark = bytes.fromhex(MARK)
    with pytest.raises(LockedError):
        DeskResultsAccess(uuid4(), indexes={MARK: b"i" * 32}).find_entry(SIGNATURE, PETITION, mark)
    looked = {SIGNATURE.id: DeskMatch(1, "strong", (MARK,))}
    there, gone = (DeskResultsAccess(uuid4(), looked, indexes={MARK: index}) for index in (b"i" * 32, None))
    assert there.find_entry(SIGNATURE, PETITION, mark) == MARK
    assert there.entry_index(PETITION, MARK) == b"i" * 32
    assert gone.find_entry(SIGNATURE, PETITION, mark) is None
    with pytest.raises(LockedError):
        gone.entry_index(PETITION, MARK)
    match = there.match(SIGNATURE)
    assert match
    assert [candidate.key for candidate in match.candidates] == [MARK]
    assert not match.candidates[0].name
