"""B5: what is sealed has one length, whoever signed and whatever the roster says of them."""

from __future__ import annotations

from typing import Any

from petition_app.clock import utcnow
from petition_app.crypto.vault import PARTS
from petition_app.keys import member_keys
from petition_app.keys.models import AccountKey, KeyWrap
from petition_app.person_names.reading import LINE_LENGTH, NAME_LENGTH
from petition_app.roster.file_reader import Entry
from petition_app.signatures import sealing
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.storage.db import db
from petition_app.verification.matching_cases import pairs
from tests import factories as make
from tests.roster.test_services import bring

# The longest and the shortest that the form takes: letters of four bytes, and one letter.
LONG = {"name": "𝒜" * NAME_LENGTH, "role": "🎻" * LINE_LENGTH, "place": "🏡" * LINE_LENGTH}
SHORT = {"name": "Я", "role": "", "place": ""}
NAMESAKES = tuple(
    Entry(key=f"r{number}", surname="Долгоногова-Предгорная", given="Аполлинария", patronymic="Константиновна",
          body=f"Совет муниципального округа {number}", place=f"Муниципальный округ Дальнее Заречье {number}")
    for number in range(6)
)  # fmt: skip


def lengths(app: Any) -> dict[str, set[int]]:
    with make.looking(app):
        found = {part: set[int]() for part in PARTS}
        for row in db.session.scalars(db.select(SealedPart)):
            found[row.part].add(len(row.box))
        found["part keys"] = {len(row.box) for row in db.session.scalars(db.select(SealedKey)) if not row.key_id}
        found["wraps"] = {len(row.box) for row in db.session.scalars(db.select(SealedKey)) if row.key_id}
    return found


def test_the_longest_and_the_shortest_signature_look_alike(app: Any, client: Any) -> None:
    make.make_sealed_world(app, reviewers=1, mail="none")
    for words in (LONG, SHORT):
        answer = make.sign_page(client, email=None, **words)
        assert answer.status_code == 200, answer.text
    with make.looking(app):
        assert db.session.scalar(db.select(db.func.count()).select_from(Signature)) == 2
    assert {what: len(found) for what, found in lengths(app).items()} == dict.fromkeys(lengths(app), 1)


def test_lengths_do_not_tell_who_gave_an_address(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    for address in ("", f"{'m' * 64}@{'long.' * 36}example.org"):
        make.make_signature(app, world.petition_id, email=address)
    assert len(lengths(app)["contact"]) == 1


def test_lengths_do_not_tell_what_the_roster_says(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1, roster=True)
    bring(app, world.petition_id, *NAMESAKES, Entry(key="lone", surname="Тихая", given="Ада", place="Мыс"))
    names = ("Долгоногова-Предгорная Аполлинария Константиновна", "Тихая Ада", "Нигде Никто Неизвестнов")
    ids = [make.make_signature(app, world.petition_id, name).id for name in names]
    make.seal(app, world.petition_id, by=world.organizer)
    with make.acting(app):
        pairs.catch_up(
            make.petition(world.petition_id), access=make.ACCESS, by=make.account(world.organizer), at=utcnow()
        )
        cases = [sealing.open_case(db.session.get_one(Signature, one)) for one in ids]
    numbers = [len(note["candidates"]) for case in cases for note in case if note.get("kind") == "match"]
    assert len(numbers) == 3
    assert numbers[0] >= 3 > numbers[2], "the roster says the same of all, so there is nothing to hide"
    assert len(lengths(app)["case"]) == 1


def test_lengths_do_not_tell_whether_somebody_has_a_passphrase_for_duress(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    with make.acting(app):
        member_keys.make_account_key(
            make.account(world.auditor), make.PASSPHRASE, duress="another four unusual", at=utcnow()
        )
    with make.looking(app):
        keys = db.session.scalars(db.select(AccountKey)).all()
        assert len(keys) == 3
        assert len({(len(key.private_box), len(key.duress_box)) for key in keys}) == 1
        assert len({len(key.duress_box) - len(key.private_box) for key in keys} | {0}) == 1
        assert len({len(wrap.box) for wrap in db.session.scalars(db.select(KeyWrap))}) == 1
