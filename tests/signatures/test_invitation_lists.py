"""Group entries: from a list of names to signatures that their people confirmed themselves."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import openpyxl
import pytest
import segno
from werkzeug.test import TestResponse

from petition_app.clock import utcnow
from petition_app.errors import NotAllowedError, NotFoundError
from petition_app.signatures import expiry, invitation_lists, invitations, qr_cards, sealing
from petition_app.signatures import services as signing
from petition_app.signatures.invitation_lists import NewEntry, Sheet
from petition_app.signatures.invitation_models import GroupEntry
from petition_app.signatures.invitations import Agreement
from petition_app.signatures.models import Confirmation, SealedKey, Signature
from petition_app.signatures.name_lists import read_file, read_list
from petition_app.signatures.new_signatures import ClosedForSigningError
from petition_app.signatures.sealing import Identity
from petition_app.signatures.services import AlreadyConfirmedError, InvitedError, WrongCodeError
from petition_app.storage.db import db
from tests import dumps, sheets
from tests import factories as make
from tests.conftest import only_sqlite
from tests.factories import new_form_token

# Not a part of a row's id, which may look like a code.
CODE = re.compile(r"(?<![\w-])[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}(?![\w-])")
GROUPS = f"/organizer/p/{make.SLUG}/groups"
CONFIRM = f"/p/{make.SLUG}/confirm"
SAID = {"act": "agree", "text": "1", "publish": "3", "consent": "1", "lang": "en"}
NAMES = ("Ада Звонкая; депутат; МО Речное", "Ben Sample; deputy", "Clara Sample")


def people(number: int) -> list[Identity]:
    return [Identity(make.new_name(), "deputy", "Springfield") for _ in range(number)]


def enter(app: Any, world: make.World, number: int = 3, *, at: datetime | None = None) -> Sheet:
    """Enter a list through the service."""
    new = NewEntry(new_form_token(), "Monday list", people(number), "en")
    with make.acting(app):
        return invitation_lists.enter(
            new, petition=make.petition(world.petition_id), by=make.account(world.organizer), at=at or utcnow()
        )


def agree(app: Any, world: make.World, code: str, *, at: datetime | None = None, **said: Any) -> str:
    """Sign with a card's code; return the secret code."""
    agreement = Agreement(**{"consent": 3, "others": None, "language": "en", "text_number": 1} | said)
    with make.acting(app):
        petition = make.petition(world.petition_id)
        return invitations.agree(agreement, petition=petition, code=code, at=at or utcnow()).secret_code


def type_code(app: Any, world: make.World, code: str, *, at: datetime | None = None) -> None:
    """Type a code and say nothing."""
    with make.acting(app):
        signing.confirm(petition=make.petition(world.petition_id), pending="", code=code, at=at or utcnow())


def act_on(app: Any, act: Any, petition_id: UUID, entry_id: UUID, person: make.Person) -> None:
    """Print a list again, or withdraw its rest."""
    words = {"sheets": 1} if act is invitation_lists.reprint else {}
    with make.acting(app):
        act(entry_id, petition=make.petition(petition_id), by=make.account(person), at=utcnow(), **words)


def send_list(client: Any, names: Any, /, *, title: str = "Monday list", **fields: Any) -> Any:
    """Fill in the form of a list and send it."""
    form = make.form_with(client.get(GROUPS), "form", "title", "names")
    data = form | {"title": title, "names": "\n".join(names)} | fields
    return client.post(GROUPS, data=data)


def codes_on(answer: Any) -> list[str]:
    """Return the codes a sheet shows."""
    assert answer.status_code == 200, answer.text
    return re.findall(r'class="card-code"><code translate="no">([^<]+)<', answer.text)


def press(client: Any, act: str, **fields: Any) -> Any:
    """Press a button of the newest list; follow to the page it leads to."""
    for form in make.forms_of(client.get(GROUPS)):
        if form["action"].endswith(act):
            return client.post(form["action"], data=form["fields"] | fields, follow_redirects=True)
    raise AssertionError(f"there is no button for {act}")


def standing(app: Any, world: make.World, *, at: datetime | None = None) -> tuple[int, int, int, int]:
    """Return (confirmed, size, open, gone) of the only list."""
    with make.looking(app):
        petition, by = make.petition(world.petition_id), make.account(world.organizer)
        (entry,) = invitation_lists.list_entries(petition, by=by, at=at or utcnow())  # type: ignore[arg-type] # Somebody.
        return entry.confirmed, entry.size, entry.open, entry.gone


def numbers(app: Any, world: make.World) -> tuple[int, int, int]:
    """Return (unconfirmed, received, received_total)."""
    tally = make.tally(app, world.petition_id)
    assert make.problems(app, world.petition_id) == []
    return tally["unconfirmed"], tally["states"]["received"], tally["received_total"]


# --- the whole road ---------------------------------------------------------------------------------------------


@pytest.mark.standard("In sealed mode the page of a card shows no name.")
def test_a_list_becomes_cards_and_each_person_signs_for_themselves(
    app: Any, client: Any, world: make.World, organizer: Any
) -> None:
    codes = codes_on(send_list(organizer, NAMES))
    assert "0 of 3 confirmed" in organizer.get(GROUPS).text
    assert numbers(app, world) == (3, 0, 0)

    asked = client.post(CONFIRM, data={"code": codes[0].lower().replace("-", " ")})
    assert asked.status_code == 200
    for words in ("Ада Звонкая", "депутат", "МО Речное", "We ask to be", "Text version 1"):
        assert words in asked.text
    form = make.form_with(asked, "code", "text")
    assert "publish" not in form, "nothing is chosen for the person"
    assert "consent" not in form, "nothing is chosen for the person"
    assert numbers(app, world) == (3, 0, 0)

    done = client.post(CONFIRM, data=form | SAID | {"publish": "2", "others": "5", "lang": "ru"})
    secret_code = make.shown_code(done)
    assert re.search("[а-я]", secret_code)
    assert numbers(app, world) == (2, 1, 1)
    assert "1 of 3 confirmed" in organizer.get(GROUPS).text
    mine = client.post("/my", data={"code": secret_code})
    assert mine.status_code == 200
    assert "Received" in mine.text
    with make.looking(app):
        signature, _ = signing.find_by_code(secret_code)
        assert (signature.publication_tier, signature.min_named_others, signature.language) == (2, 5, "ru")
        assert sealing.open_identity(signature) == Identity("Ада Звонкая", "депутат", "МО Речное")
        assert sealing.open_address(signature) == ""
        (note,) = sealing.open_case(signature)
        assert (note["kind"], note["text"]) == ("group", "Monday list")
    assert "Look at your other page" in client.post(CONFIRM, data={"code": codes[0]}).text


def test_what_was_confirmed_is_checked_like_any_other(app: Any, world: make.World) -> None:
    sheet = enter(app, world)
    secret_code = agree(app, world, sheet.invitations[0].code)
    assert make.seal(app, world.petition_id) == 1
    with make.looking(app):
        signature_id = signing.find_by_code(secret_code)[0].id
    assert make.state_of(app, signature_id) == "checking"
    assert make.decide_by_all(app, world, signature_id) == "verified"
    tally = make.tally(app, world.petition_id)
    assert (tally["verified"], tally["received_total"], tally["unconfirmed"]) == (1, 1, 2)


def test_38_people_are_38_cards_and_none_of_them_counts(app: Any, client: Any, world: make.World) -> None:
    organizer = make.signed_in(app, world.organizer)
    answer = send_list(organizer, [make.new_name() for _ in range(38)])
    codes = codes_on(answer)
    assert len(set(codes)) == 38
    assert answer.text.count('class="qr"') == 38
    assert answer.headers["Cache-Control"] == "no-store"
    assert "style=" not in answer.text
    assert "0 of 38 confirmed" in organizer.get(GROUPS).text
    assert numbers(app, world) == (38, 0, 0)
    public = client.get(f"/p/{make.SLUG}/status.json").get_json()
    assert (public["received_total"], public["verified"]) == (0, 0)
    with make.looking(app):
        assert make.db.session.scalars(make.db.select(make.Job)).all() == [], "nobody is mailed"


def test_a_card_shows_the_address_with_the_code_as_a_fragment(organizer: Any) -> None:
    answer = send_list(organizer, NAMES)
    for code in codes_on(answer):
        assert CODE.fullmatch(code)
        assert qr_cards.draw(f"http://localhost{CONFIRM}#{code}") in answer.text
    drawn = segno.make("http://localhost", error="m", micro=False)
    dark = sum(module for row in drawn.matrix for module in row)
    lengths = re.findall(r"h(\d+)", qr_cards.draw("http://localhost").split('stroke="#000"')[1])
    assert sum(map(int, lengths)) == dark, "the picture holds every dark module"


def test_a_card_speaks_both_languages_whatever_the_organizers_is(organizer: Any) -> None:
    pages = []
    for language in ("en", "ru"):
        form = make.form_with(organizer.get(f"{GROUPS}?lang={language}"), "form", "title", "names")
        data = form | {"title": "Friday list", "names": make.new_name()}
        pages.append(organizer.post(f"{GROUPS}?lang={language}", data=data).text)
    for page in pages:
        assert f"http://localhost{CONFIRM}</p>" in page, "the card's address carries no language"
        assert page.count('<p lang="en" translate="no">') == page.count('<p lang="ru" translate="no">') == 1


# --- what may not happen ----------------------------------------------------------------------------------------


def test_a_code_alone_confirms_nothing(app: Any, world: make.World) -> None:
    sheet = enter(app, world)
    with pytest.raises(InvitedError):
        type_code(app, world, sheet.invitations[0].code)
    assert numbers(app, world) == (3, 0, 0)


@pytest.mark.standard("The page of a sealed petition does not show the name again.")
@pytest.mark.parametrize(
    "change", [{"consent": None}, {"publish": None}, {"publish": "4"}, {"others": "0"}, {"lang": "xx"}], ids=str
)
def test_without_a_whole_answer_nothing_is_confirmed(
    app: Any, client: Any, world: make.World, change: dict[str, Any]
) -> None:
    sheet = enter(app, world)
    said = {name: value for name, value in (SAID | change).items() if value is not None}
    before = dumps.tables(app)
    answer = client.post(CONFIRM, data={"code": sheet.invitations[0].code} | said)
    assert answer.status_code == 422
    assert sheet.invitations[0].name in answer.text
    assert dumps.tables(app) == before


def test_whoever_read_another_text_is_shown_the_new_one(app: Any, client: Any, world: make.World) -> None:
    code = enter(app, world).invitations[0].code
    make.make_signature(app, world.petition_id)
    with make.acting(app):
        petition = make.petition(world.petition_id)
        values = {"titles": {"en": "Another letter"}, "texts": {"en": "We ask again."}}
        new = make.NewPetition(slug=petition.slug, addressee={}, who_may_sign={}, mode=petition.mode, **values)
        make.petitions.edit(petition, new, has_signed=lambda _id: True, by=None, at=utcnow())
    for read in ("1", "", "x", "9" * 30):
        answer = client.post(CONFIRM, data={"code": code} | SAID | {"text": read})
        assert answer.status_code == 422, read
        assert "We ask again." in answer.text
        assert "consent" not in make.form_with(answer, "text"), "the new text needs a new agreement"
    assert make.shown_code(client.post(CONFIRM, data={"code": code} | SAID | {"text": "2"}))
    with make.looking(app):
        newest = make.petition(world.petition_id).text.id
        signed = db.select(Signature).where(Signature.text_version_id == newest)
        assert db.session.scalars(signed).one().state == "received"


def test_who_says_no_is_erased_at_once(app: Any, client: Any, world: make.World) -> None:
    sheet = enter(app, world)
    code = sheet.invitations[0].code
    refused = client.post(CONFIRM, data={"code": code, "act": "refuse"})
    assert refused.status_code == 303
    assert "erased" in client.get(refused.location).text
    assert numbers(app, world) == (2, 0, 0)
    assert standing(app, world) == (0, 3, 2, 1)
    with make.looking(app):
        signature = db.session.scalars(db.select(Signature).where(Signature.state == "discarded")).one()
        assert signature.name_index is None
        keys = db.select(SealedKey).where(SealedKey.signature_id == signature.id)
        assert db.session.scalars(keys).all() == []
        assert len(db.session.scalars(db.select(Confirmation)).all()) == 2
    again = client.post(CONFIRM, data={"code": code, "act": "agree"} | SAID)
    assert "This code is not right" in again.text


def test_who_has_confirmed_cannot_be_refused_by_whoever_holds_the_card(
    app: Any, client: Any, world: make.World
) -> None:
    code = enter(app, world).invitations[0].code
    agree(app, world, code)
    for said in (SAID | {"act": "refuse"}, SAID, {}):
        answer = client.post(CONFIRM, data={"code": code} | said)
        assert "Look at your other page" in answer.text
    assert numbers(app, world) == (2, 1, 1)


@pytest.mark.parametrize("kind", ["wrong", "refused", "expired", "of another petition", "withdrawn"])
def test_every_code_that_is_no_good_gets_one_answer(
    app: Any, client: Any, world: make.World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make.make_world(app, "other-letter")
    code = enter(app, other if kind == "of another petition" else world, 1).invitations[0].code
    petition = make.petition
    if kind == "refused":
        client.post(CONFIRM, data={"code": code, "act": "refuse"})
    elif kind == "withdrawn":
        press(make.signed_in(app, world.organizer), "/withdraw")
    elif kind == "expired":
        with make.acting(app):
            row = db.session.scalars(db.select(Confirmation)).one()
            row.expires_at = utcnow() - timedelta(minutes=1)
            assert petition(world.petition_id)
    elif kind == "wrong":
        code = "0000-0000-0000"
    wrong = client.post(CONFIRM, data={"code": "1111-1111-1111"}, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    for act in ({}, {"act": "agree"} | SAID, {"act": "refuse"}):
        answer = client.post(CONFIRM, data={"code": code} | act)
        assert answer.status_code == 200
        assert plain(answer, code) == plain(wrong, "1111-1111-1111")


def plain(answer: TestResponse, code: str) -> str:
    """Return a page without what was typed and the token of a new page."""
    return re.sub("[0-9a-f]{32}", "-", answer.text.replace(code, "CODE"))


def test_wrong_codes_of_cards_are_limited_as_those_of_messages_are(app: Any, client: Any, world: make.World) -> None:
    code = enter(app, world).invitations[0].code
    for act in ({}, {"act": "agree"} | SAID, {"act": "refuse"}, {}, {}):
        assert client.post(CONFIRM, data={"code": "0000-0000-0000"} | act).status_code == 200
    for act in ({}, {"act": "agree"} | SAID, {"act": "refuse"}):
        assert client.post(CONFIRM, data={"code": code} | act).status_code == 429
    assert numbers(app, world) == (3, 0, 0)
    other = {"REMOTE_ADDR": "203.0.113.9"}
    assert make.shown_code(client.post(CONFIRM, data={"code": code} | SAID, environ_overrides=other))


def test_good_codes_use_up_no_try(app: Any, client: Any, world: make.World) -> None:
    sheet = enter(app, world, 8)
    for one in sheet.invitations:
        assert client.post(CONFIRM, data={"code": one.code}).status_code == 200
        assert make.shown_code(client.post(CONFIRM, data={"code": one.code} | SAID))
    assert standing(app, world) == (8, 8, 0, 0)


def test_ordinary_mailed_codes_are_typed_as_before(app: Any, client: Any, world: make.World) -> None:
    enter(app, world)
    assert make.shown_code(client.post(CONFIRM, data={"code": make.submit(app, world.petition_id).code, "pending": ""}))
    assert make.sign_over_http(client)
    assert numbers(app, world) == (3, 2, 2)


@pytest.mark.parametrize("mail", ["optional", "none"])
def test_cards_work_where_no_mail_is_asked_for(app: Any, client: Any, mail: str) -> None:
    world = make.make_world(app, mail=mail)
    code = enter(app, world).invitations[0].code
    form = make.form_with(client.get(CONFIRM), "pending", "code")
    asked = client.post(CONFIRM, data=form | {"code": code})
    assert make.shown_code(client.post(CONFIRM, data=make.form_with(asked, "code", "text") | SAID))


# --- time -------------------------------------------------------------------------------------------------------


def test_invitations_wait_for_up_to_30_days_and_are_then_erased(app: Any, world: make.World) -> None:
    start = utcnow()
    sheet = enter(app, world, at=start)
    make.submit(app, world.petition_id, at=start)
    agree(app, world, sheet.invitations[0].code, at=start + timedelta(days=29))
    with make.acting(app):
        assert expiry.discard_unconfirmed(world.petition_id, at=start + timedelta(days=29)) == 1, "the ordinary one"
        expiry.forget_confirmations(at=start + timedelta(days=29))
    assert numbers(app, world) == (2, 1, 1)
    assert sheet.last_day == (start + timedelta(days=29)).date()
    late = start + timedelta(days=30)
    with pytest.raises(WrongCodeError):
        agree(app, world, sheet.invitations[1].code, at=late)
    assert standing(app, world, at=late) == (1, 3, 0, 2)
    with make.acting(app):
        assert expiry.discard_unconfirmed(world.petition_id, at=late) == 2
    assert numbers(app, world) == (0, 1, 1)
    with make.looking(app):
        assert len(db.session.scalars(db.select(SealedKey)).all()) == 4, "the keys of the one who signed"


def test_an_invitation_whose_code_was_forgotten_first_is_discarded_all_the_same(app: Any, world: make.World) -> None:
    start = utcnow()
    enter(app, world, at=start)
    with make.acting(app):
        expiry.forget_confirmations(at=start + timedelta(days=40))
        assert expiry.discard_unconfirmed(world.petition_id, at=start + timedelta(days=40)) == 3
    assert numbers(app, world) == (0, 0, 0)


def test_nothing_leads_from_a_confirmed_signature_back_to_its_list(app: Any, world: make.World) -> None:
    start = utcnow()
    sheet = enter(app, world, at=start)
    later = start + timedelta(days=5)
    agree(app, world, sheet.invitations[0].code, at=later)
    with make.looking(app):
        row = db.session.scalars(db.select(Confirmation).where(Confirmation.used)).one()
        assert row.group_id is None
        assert row.expires_at == datetime.combine(later.date() + timedelta(days=2), datetime.min.time(), UTC)
        assert db.session.get_one(Signature, row.signature_id).arrived_on == later.date()
    with pytest.raises(AlreadyConfirmedError):
        type_code(app, world, sheet.invitations[0].code, at=later + timedelta(hours=23))
    with make.acting(app):
        expiry.forget_confirmations(at=later + timedelta(days=3))
    with make.looking(app):
        assert db.session.scalars(db.select(Confirmation).where(Confirmation.used)).all() == []


@pytest.mark.parametrize("state", ["paused", "closed"])
def test_a_letter_that_takes_no_signatures_takes_none_from_cards_but_lets_people_refuse(
    app: Any, client: Any, world: make.World, organizer: Any, state: str
) -> None:
    first, second, _ = (one.code for one in enter(app, world).invitations)
    make.set_state(app, world.petition_id, state)
    asked = client.post(CONFIRM, data={"code": first})
    assert 'value="agree"' not in asked.text
    assert client.post(CONFIRM, data={"code": first} | SAID).status_code == 409
    with pytest.raises(ClosedForSigningError):
        agree(app, world, first)
    assert client.post(CONFIRM, data={"code": second, "act": "refuse"}).location.endswith("/refused")
    assert numbers(app, world) == (2, 0, 0)
    assert 'name="names"' not in organizer.get(GROUPS).text
    with pytest.raises(ClosedForSigningError):
        enter(app, world)


# --- the organizer's acts ---------------------------------------------------------------------------------------


def test_printing_again_makes_the_old_codes_void_for_those_still_open(
    app: Any, client: Any, world: make.World, organizer: Any
) -> None:
    old = codes_on(send_list(organizer, NAMES))
    client.post(CONFIRM, data={"code": old[1]} | SAID)
    stale = next(form for form in make.forms_of(organizer.get(GROUPS)) if form["action"].endswith("/sheet"))
    answer = press(organizer, "/sheet")
    new = codes_on(answer)
    assert len(set(new) - set(old)) == 2
    assert "Ben Sample" not in answer.text, "who has confirmed gets no card"
    assert answer.text.count('class="qr"') == 2
    assert "This code is not right" in client.post(CONFIRM, data={"code": old[0]} | SAID).text
    again = organizer.post(stale["action"], data=stale["fields"], follow_redirects=True)
    assert "printed meanwhile" in again.text
    assert not CODE.search(again.text)
    for code in new:
        assert make.shown_code(client.post(CONFIRM, data={"code": code} | SAID))
    assert "3 of 3 confirmed" in organizer.get(GROUPS).text
    assert numbers(app, world) == (0, 3, 3)
    gone = organizer.post(stale["action"], data=stale["fields"] | {"sheets": "2"}, follow_redirects=True)
    assert "No invitation of this list is open" in gone.text


def test_the_unconfirmed_rest_is_withdrawn_and_erased(app: Any, client: Any, world: make.World, organizer: Any) -> None:
    codes = codes_on(send_list(organizer, NAMES))
    client.post(CONFIRM, data={"code": codes[0]} | SAID)
    assert "1 of 3 confirmed" in press(organizer, "/withdraw").text
    assert standing(app, world) == (1, 3, 0, 2)
    assert numbers(app, world) == (0, 1, 1)
    with make.looking(app):
        assert len(db.session.scalars(db.select(SealedKey)).all()) == 4
    assert "This code is not right" in client.post(CONFIRM, data={"code": codes[1]} | SAID).text


def test_the_same_form_sent_twice_enters_nothing_more(app: Any, world: make.World, organizer: Any) -> None:
    form = make.form_with(organizer.get(GROUPS), "form", "title", "names")
    data = form | {"title": "Monday list", "names": "\n".join(NAMES)}
    assert len(codes_on(organizer.post(GROUPS, data=data))) == 3
    again = organizer.post(GROUPS, data=data)
    assert again.status_code == 303
    page = organizer.get(again.location)
    assert "entered already" in page.text
    assert not CODE.search(page.text)
    assert numbers(app, world) == (3, 0, 0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("12345", "in letters"), ("; deputy", "in letters"), ("Ada Sample; a; b; c", "more parts"),
        ("=1+1", "begin with a letter"), ("Иvan Sample", "mixes letters of two alphabets"),
        ("x@example.org", "an address on the internet"),
        ("Ben Sample; DEPUTY ;;", "on an earlier line"), ("Ada\u200bSample", "cannot be seen"), ("Z" * 250, "too long"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_and_nothing_is_half_done(
    app: Any, world: make.World, organizer: Any, line: str, reason: str
) -> None:
    before = dumps.tables(app)
    answer = send_list(organizer, [*NAMES, "", line])
    assert answer.status_code == 422
    assert "1 line cannot be taken" in answer.text
    assert "Line 5:" in answer.text
    assert reason in answer.text
    form = make.form_with(answer, "form", "names")
    assert form["names"].replace("\r\n", "\n").strip().split("\n")[:3] == list(NAMES), "no other line is lost"
    assert dumps.tables(app) == before
    assert len(codes_on(organizer.post(GROUPS, data=form | {"names": "\n".join(NAMES)}))) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""}, {"title": "x" * 61}, {"title": "=x"}, {"title": "Clara Sample"},
        {"title": "Sample, Clara: list"},
        {"title": "Звонкая"}, {"names": ""}, {"names": " \n ; \n"}, {"form": "forged"},
    ],
    ids=lambda change: str(change)[:40],
)  # fmt: skip
def test_a_form_of_the_wrong_shape_comes_back_with_its_words(app: Any, organizer: Any, change: dict[str, str]) -> None:
    before = dumps.tables(app)
    answer = send_list(organizer, NAMES, **change)
    assert answer.status_code == 422
    form = make.form_with(answer, "form", "title", "names")
    assert form["title"] == change.get("title", "Monday list")
    assert dumps.tables(app) == before


def test_a_list_that_is_too_long_is_to_be_split(app: Any, organizer: Any) -> None:
    before = dumps.tables(app)
    answer = send_list(organizer, [make.new_name() for _ in range(invitation_lists.MOST_PEOPLE + 1)])
    assert answer.status_code == 422
    assert "split it" in answer.text
    assert dumps.tables(app) == before


def table(kind: str, rows: list[list[str]]) -> bytes:
    """Write rows as a file of this kind."""
    if kind == "csv":
        return "\n".join(",".join(row) for row in rows).encode()
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_used_instead_of_the_box(app: Any, world: make.World, organizer: Any, kind: str) -> None:
    rows = [["ФИО", "Почта", "Место", "Должность", "publish"], ["Вера Луговая", "v@example.org", "МО; Речное", "", "3"]]
    file = (io.BytesIO(table(kind, [*rows, ["Глеб Дольный", "", "", "депутат", ""]])), f"list.{kind}")
    assert len(codes_on(send_list(organizer, ["Nobody Here"], file=file))) == 2
    with make.looking(app):
        found = {sealing.open_identity(one) for one in db.session.scalars(db.select(Signature))}
        assert found == {Identity("Вера Луговая", "", "МО, Речное"), Identity("Глеб Дольный", "депутат", "")}
        assert {one.publication_tier for one in db.session.scalars(db.select(Signature))} == {0}


def several_sheets(**rows: list[list[str]]) -> tuple[io.BytesIO, str]:
    """Write a spreadsheet with these sheets."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for name, lines in rows.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    book.save(file)
    return io.BytesIO(file.getvalue()), "list.xlsx"


MAY, JUNE = [["name"], ["Ada Sample"]], [["name", "place"], ["Ben Sample", "Ely"], ["Clara Sample", "Ely"]]


@pytest.mark.parametrize(("sheet", "people"), [("May", 1), ("June", 2)])
def test_of_a_file_with_several_sheets_one_is_told_and_another_can_be_chosen(
    app: Any, organizer: Any, sheet: str, people: int
) -> None:
    before = dumps.tables(app)
    answer = send_list(organizer, [], file=several_sheets(May=MAY, June=JUNE))
    assert answer.status_code == 422
    assert 'The file has 2 sheets; this one is read: <bdi translate="no">May</bdi>' in answer.text
    form = make.form_with(answer, "form", "sheet", "names")
    assert (form["names"].strip(), form["sheet"]) == ("Ada Sample", "May")
    if sheet != "May":
        unsent = organizer.post(GROUPS, data=form | {"sheet": sheet})
        assert "please choose the file once more, too" in unsent.text
        form = make.form_with(unsent, "form", "sheet", "names")
    assert dumps.tables(app) == before
    again = {"file": several_sheets(May=MAY, June=JUNE)} if sheet != "May" else {}
    assert len(codes_on(organizer.post(GROUPS, data=form | {"sheet": sheet} | again))) == people


def test_a_first_sheet_without_names_still_offers_the_others(app: Any, organizer: Any) -> None:
    file = several_sheets(About=[["Please read me", "first"]], June=JUNE)
    answer = send_list(organizer, [], file=file)
    assert "The file cannot be read" in answer.text
    form = make.form_with(answer, "form", "sheet", "names")
    file = several_sheets(About=[["Please read me", "first"]], June=JUNE)
    assert len(codes_on(organizer.post(GROUPS, data=form | {"sheet": "June", "file": file}))) == 2


def test_bad_rows_of_a_file_come_back_in_the_box(app: Any, organizer: Any) -> None:
    before = dumps.tables(app)
    data = b"name,role,place\nAda Sample,deputy,Springfield\n12345,,\n"
    answer = send_list(organizer, [], file=(io.BytesIO(data), "list.csv"))
    assert answer.status_code == 422
    assert "Line 3:" in answer.text
    assert "12345" in answer.text
    assert make.form_with(answer, "names")["names"].strip() == "Ada Sample; deputy; Springfield"
    answer = send_list(organizer, [], file=(io.BytesIO(data + b"Ada 2,deputy,\n"), "list.csv"))
    assert "Please write the name without digits" in answer.text
    assert make.form_with(answer, "names")["names"].strip().endswith("Ada 2; deputy")
    assert dumps.tables(app) == before


@pytest.mark.parametrize("data", [b"a,b\n1,2\n", b"\xff\xfe\x00", b"", b"PK\x03\x04nothing"])
def test_a_file_that_is_no_list_is_refused(app: Any, organizer: Any, data: bytes) -> None:
    before = dumps.tables(app)
    answer = send_list(organizer, NAMES, file=(io.BytesIO(data), "list.csv"))
    assert answer.status_code == 422
    assert "The file cannot be read" in answer.text
    assert dumps.tables(app) == before


def test_a_file_so_large_that_it_would_touch_the_disk_is_refused(app: Any, organizer: Any) -> None:
    before = dumps.tables(app)
    assert send_list(organizer, [], file=(io.BytesIO(b"x" * 400 * 1024), "list.csv")).status_code == 413
    assert dumps.tables(app) == before


def test_an_xlsx_in_the_box_of_names_is_only_text(organizer: Any) -> None:
    assert send_list(organizer, ["PK\x03\x04"]).status_code == 422


# --- whole or not at all ----------------------------------------------------------------------------------------


def test_an_entry_that_fails_half_way_leaves_nothing(
    app: Any, world: make.World, organizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = signing.add_unconfirmed, []

    def fail_at_the_third(*args: Any, **keywords: Any) -> UUID:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError
        return real(*args, **keywords)

    before = dumps.tables(app)
    monkeypatch.setattr(signing, "add_unconfirmed", fail_at_the_third)
    form = make.form_with(organizer.get(GROUPS), "form", "names")
    data = form | {"title": "Monday list", "names": "\n".join(NAMES)}
    assert organizer.post(GROUPS, data=data).status_code == 500
    assert dumps.tables(app) == before
    assert len(codes_on(organizer.post(GROUPS, data=data))) == 3, "the same form can be sent again"


def test_racing_answers_with_one_code_end_in_one_signature(app: Any, world: make.World) -> None:
    code = enter(app, world, 1).invitations[0].code
    ended: list[str] = []

    def answer() -> None:
        try:
            agree(app, world, code)
            ended.append("signed")
        except (WrongCodeError, AlreadyConfirmedError):
            ended.append("refused")

    threads = [Thread(target=answer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["refused", "refused", "refused", "signed"]
    assert standing(app, world) == (1, 1, 0, 0)
    assert numbers(app, world) == (0, 1, 1)


def test_signing_and_withdrawing_the_rest_race_without_a_loss(app: Any, world: make.World) -> None:
    sheet = enter(app, world, 6)
    signed: list[str] = []

    def answer(code: str) -> None:
        try:
            agree(app, world, code)
            signed.append(code)
        except WrongCodeError:
            pass

    def withdraw() -> None:
        with make.acting(app):
            entry_id = db.session.scalars(db.select(GroupEntry.id)).one()
            invitation_lists.withdraw_rest(entry_id, petition=make.petition(world.petition_id), by=None, at=utcnow())

    threads = [Thread(target=answer, args=(one.code,)) for one in sheet.invitations]
    threads.insert(3, Thread(target=withdraw))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    confirmed, size, left, gone = standing(app, world)
    assert (confirmed, size, left, gone) == (len(signed), 6, 0, 6 - len(signed))
    assert numbers(app, world) == (0, confirmed, confirmed)


def test_no_name_and_no_code_of_a_list_lies_in_plain(app: Any, world: make.World, organizer: Any) -> None:
    answer = send_list(organizer, ["Canarina Sample; Canary keeper; Canary Hill"])
    (code,) = codes_on(answer)
    seized = dumps.everything(app)
    for word in ("Canar", code, code.replace("-", "")):
        assert word.encode() not in seized
        assert word.encode("utf-16-le") not in seized


# --- who may ----------------------------------------------------------------------------------------------------


def test_only_an_organizer_of_this_petition_acts_on_its_lists(app: Any, world: make.World) -> None:
    enter(app, world)
    other = make.make_world(app, "other-letter")
    with make.looking(app):
        entry_id = db.session.scalars(db.select(GroupEntry.id)).one()
    for act in (invitation_lists.withdraw_rest, invitation_lists.reprint):
        for person in (world.reviewers[0], world.auditor, other.organizer):
            with pytest.raises(NotAllowedError):
                act_on(app, act, world.petition_id, entry_id, person)
        with pytest.raises(NotFoundError):
            act_on(app, act, other.petition_id, entry_id, other.organizer)
    assert standing(app, world) == (0, 3, 3, 0)


@pytest.mark.standard("Keys of two sealed petitions are never open at once.")
def test_an_organizer_of_elsewhere_gets_a_404(app: Any, world: make.World, organizer: Any) -> None:
    send_list(organizer, NAMES)
    form = next(form for form in make.forms_of(organizer.get(GROUPS)) if form["action"].endswith("/sheet"))
    other = make.make_world(app, "other-letter")
    client = make.signed_in(app, other.organizer)
    token = make.csrf_token(client, "/organizer/password")
    for path in (form["action"], form["action"].replace(make.SLUG, "other-letter")):
        answer = client.post(path, data=form["fields"] | {"csrf_token": token})
        assert answer.status_code == 404
    assert numbers(app, world) == (3, 0, 0)


# --- reading lists ----------------------------------------------------------------------------------------------


def test_a_list_is_read_with_semicolons_tabs_or_column_titles() -> None:
    ada = Identity("Ada Sample", "deputy", "Springfield")
    for text in (
        "Ada Sample; deputy; Springfield",
        "Ada Sample\tdeputy\tSpringfield\r\n\r\n",
        "Place;Name;Role\nSpringfield;Ada Sample;deputy",
        "ФИО\tДолжность\tСовет\nAda Sample\tdeputy\tSpringfield\t\t",
        "name;ref;role;place\nAda Sample;17;deputy;Springfield",
    ):
        read = read_list(text)
        assert (read.people, read.bad) == ((ada,), ()), text


def test_people_of_one_name_in_two_places_are_two_people() -> None:
    assert len(read_list("Ada Sample; deputy; Springfield\nAda Sample; deputy; Shelbyville").people) == 2


def test_a_file_with_quotes_and_line_breaks_in_its_cells_is_one_line_a_person() -> None:
    assert read_file(b'name,role\n"Sample\nAda","deputy; mayor"\n').text == "Sample Ada; deputy, mayor"


def test_a_file_of_names_is_read_as_imports_are() -> None:
    rows = [["Names of May", "", ""], ["Last name", "First name", "Post"], ["Sample", "Ada", ""], ["#N/A", "Tom", "x"]]
    rows += [["Hidden", "Ina", ""], ["Last name", "First name", "Post"], ["Total: 3", "", ""]]
    for content in (sheets.as_xlsx(rows, hidden=[5]), sheets.as_ods(rows, hidden={5: "filter"})):
        read = read_file(content)
        assert read.text == "Ada Sample"
        assert [line.number for line in read.left_out] == [4, 5, 6, 7]
    text = "sep=;\nФамилия;Имя;Место\nЛуговая;Вера;Речное\n".encode("cp1251")
    assert read_file(text).text == "Луговая Вера; ; Речное"


def test_rows_of_a_file_that_are_left_out_are_told_before_anybody_is_entered(app: Any, organizer: Any) -> None:
    before = dumps.tables(app)
    rows = [["name"], ["Ada Sample"], ["Struck Out"], ["Clara Sample"]]
    file = (io.BytesIO(sheets.as_xlsx(rows, hidden=[3])), "list.xlsx")
    answer = send_list(organizer, [], file=file)
    assert answer.status_code == 422
    assert "1 row of the file was left out" in answer.text
    assert re.search("Line 3:.*Struck Out.*this row is hidden in the spreadsheet", answer.text)
    form = make.form_with(answer, "form", "names")
    assert form["names"].split() == ["Ada", "Sample", "Clara", "Sample"]
    assert dumps.tables(app) == before
    assert len(codes_on(organizer.post(GROUPS, data=form))) == 2


@only_sqlite
def test_the_trail_tells_of_lists_by_number_and_never_by_name(app: Any, world: make.World, organizer: Any) -> None:
    send_list(organizer, NAMES)
    press(organizer, "/sheet")
    press(organizer, "/withdraw")
    with make.looking(app):
        events = db.session.scalars(db.select(make.checking.audit.AuditEvent)).all()
        acts = {event.act: event.number for event in events if event.act.startswith("group.")}
    assert acts == {"group.entered": 3, "group.printed": 3, "group.withdrawn": 3}
