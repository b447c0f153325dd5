"""The desk through its pages: one act, nothing chosen beforehand, a hold that lasts, a slip, forms sent twice."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from petition_app.accounts.models import AccountSession
from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.keys.models import Unlock
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.batches.services import list_batches
from petition_app.verification.desk import own_work
from petition_app.verification.models import Decision, Evidence, Lease
from tests import factories as make

PLACE = "Springfield council"
ROSTER = """name,body,role
Якушева Вера Борисовна,МО Центральное,депутат
Третьякова Екатерина Олеговна,МО Сосновое,председатель
Климушина Любовь Николаевна,МО Лесное,депутат
"""


class Desk:
    """A signed-in reviewer in front of the desk of a world."""

    def __init__(self, app: Flask, world: make.World, person: make.Person) -> None:
        self.app, self.world, self.person = app, world, person
        self.client: FlaskClient = make.signed_in(app, person)
        self.csrf = make.csrf_token(self.client)

    @property
    def home(self) -> str:
        """The address of the petition's staff pages."""
        return f"/organizer/p/{self.world.slug}"

    def post(self, path: str, **fields: Any) -> Any:
        """Send a form."""
        return self.client.post(f"{self.home}/{path}", data={"csrf_token": self.csrf} | fields)

    def page(self, path: str) -> str:
        """Return the text of a page."""
        answer = self.client.get(f"{self.home}/{path}")
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text)

    def next(self) -> str:
        """Take the next case; return its path."""
        place = self.post("next").location
        assert "/cases/" in place, place
        return str(place.partition(f"{self.home}/")[2].partition("?")[0])


def make_desk(app: Flask, number: int = 1, **policy: Any) -> Desk:
    world = make.make_world(app, **policy)
    for _ in range(number):
        make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    return Desk(app, world, world.reviewers[0])


def id_of(case: str) -> UUID:
    return UUID(case.rpartition("/")[2])


def rows(app: Flask, model: Any, **values: Any) -> list[Any]:
    with make.looking(app):
        found = list(db.session.scalars(select(model).filter_by(**values)))
        db.session.expunge_all()
        return found


def age_lease(app: Flask, case: str) -> None:
    """Let the time of a case run out."""
    with make.acting(app):
        db.session.execute(update(Lease).where(Lease.signature_id == id_of(case)).values(until=utcnow()))


ONE_ACT = {"outcome": "verified", "one_act": "1", "agrees": "1", "how": "live_call"}
TODAY = {"contacted_on": utcnow().date().isoformat()}

# --- one act ------------------------------------------------------------------------------------------------------


def test_nothing_on_a_case_is_chosen_beforehand(
    app: Flask, cli: Callable[..., SimpleNamespace], tmp_path: Path
) -> None:
    desk = with_roster(app, cli, tmp_path)
    page = desk.page(desk.next())
    assert "strong match" in page
    assert not re.findall(r'<input[^>]*type="radio"[^>]* checked', page)
    for name in ("kind", "strength"):
        for select_ in re.findall(rf'<select[^>]*name="{name}".*?</select>', page, re.DOTALL):
            assert not re.search(r'<option selected value="[^"]', select_)


def test_a_form_in_which_nothing_was_chosen_records_nothing(app: Flask) -> None:
    desk = make_desk(app)
    case = desk.next()
    answer = desk.post(f"{case}/decisions", outcome="verified", one_act="1", **TODAY)
    assert answer.status_code == 422
    assert "say whether they agree" in html.unescape(answer.text)
    answer = desk.post(f"{case}/evidence", on=TODAY["contacted_on"], seen="Something")
    assert answer.status_code == 422
    assert not rows(app, Decision)
    assert not rows(app, Evidence)


def test_evidence_and_verdict_are_recorded_together_or_not_at_all(app: Flask) -> None:
    desk = make_desk(app, evidence_rule=2, reviewers=2)
    case = desk.next()
    seen = {"how": "profile_seen", "strength": "1", "seen": "The council's page names this mailbox."}
    answer = desk.post(f"{case}/decisions", **ONE_ACT | TODAY | seen)
    assert answer.status_code == 422, "it is weaker than the petition asks"
    assert "The council's page names this mailbox." in html.unescape(answer.text)
    assert not rows(app, Evidence)
    answer = desk.post(f"{case}/decisions", **ONE_ACT | TODAY | seen | {"strength": "2"})
    assert answer.status_code == 303
    (found,), (said,) = rows(app, Evidence), rows(app, Decision)
    assert (found.kind, found.strength, said.outcome, said.contact) == ("public_profile", 2, "verified", None)


def test_a_way_of_reaching_them_is_the_contact_and_with_words_evidence_as_well(app: Flask) -> None:
    desk = make_desk(app, 2, evidence_rule=2, reviewers=2)
    assert desk.post(f"{desk.next()}/decisions", **ONE_ACT | TODAY).status_code == 303
    assert not rows(app, Evidence), "without words the second reviewer finds no evidence to lean on"
    words = {"seen": "Spoke for a minute."}
    assert desk.post(f"{desk.next()}/decisions", **ONE_ACT | TODAY | words).status_code == 303
    assert [row.kind for row in rows(app, Evidence)] == ["live_call"]
    assert {row.contact for row in rows(app, Decision)} == {"live_call"}


def test_the_old_form_is_taken_as_before(app: Flask) -> None:
    desk = make_desk(app)
    answer = desk.post(f"{desk.next()}/decisions", outcome="verified", contact="official_contact", **TODAY)
    assert answer.location.partition("?")[0].endswith("/desk")
    assert [row.outcome for row in rows(app, Decision)] == ["verified"]


def test_what_the_policy_asks_for_is_said_before_anybody_tries(app: Flask) -> None:
    desk = make_desk(app, evidence_rule=3)
    page = desk.page(desk.next())
    needs = page.partition('id="verify-needs"')[2].partition("</div>")[0]
    assert "only this person could have given it" in needs
    assert "that they agree" in needs
    ways = dict(re.findall(r'name="how" value="(\w+)"([^>]*)>', page))
    assert {name for name, marks in ways.items() if "data-enough" in marks} == {
        "official_contact", "live_call", "in_person",
    }  # fmt: skip


# --- straight on --------------------------------------------------------------------------------------------------


def test_a_decision_leads_straight_to_the_next_case_and_is_told_there(app: Flask) -> None:
    desk = make_desk(app, 3, reviewers=2)
    first = desk.next()
    answer = desk.post(f"{first}/decisions", **ONE_ACT | TODAY, then="next")
    assert "/cases/" in answer.location
    assert first not in answer.location
    page = html.unescape(desk.client.get(answer.location).text)
    assert "Your decision is recorded" in page
    assert "1 decided today" in page
    assert "2 left for you" in page


def test_after_the_last_case_one_is_led_to_the_desk(app: Flask) -> None:
    desk = make_desk(app)
    answer = desk.post(f"{desk.next()}/decisions", **ONE_ACT | TODAY, then="next")
    assert answer.location.partition("?")[0].endswith("/desk")


def test_each_sees_what_they_can_decide_and_who_must_look_where_they_differ(app: Flask) -> None:
    desk = make_desk(app, 1, reviewers=2, staff=3)
    one, two, third = (Desk(app, desk.world, person) for person in desk.world.reviewers)
    make_differ(app, desk.world)
    for each in (one, two):
        page = each.page("desk")
        assert ">0</b> cases wait for you" in page
        assert "On 1 case the reviewers differ" in page
        assert each.client.get(each.home).status_code == 200
    assert ">1</b> case waits for you" in third.page("desk")
    organizer = Desk(app, desk.world, desk.world.organizer)
    assert "On 1 case the reviewers differ: a further person must look." in html.unescape(
        organizer.client.get(organizer.home).text
    )
    with make.looking(app):
        found = make.petition(desk.world.petition_id)
        assert own_work.count_disagreed(found) == 1
        assert own_work.count_disagreed(found, by=make.account(desk.world.reviewers[0])) == 0
        assert own_work.count_disagreed(found, by=make.account(desk.world.reviewers[2])) == 1


def make_differ(app: Flask, world: make.World) -> UUID:
    with make.looking(app):
        signature_id = db.session.scalars(select(Signature.id)).one()
    make.decide(app, world.petition_id, signature_id, world.reviewers[0])
    make.decide(app, world.petition_id, signature_id, world.reviewers[1], outcome="rejected", reason="not_found")
    return signature_id


# --- a slip -------------------------------------------------------------------------------------------------------


def test_ones_own_verdict_is_taken_back_within_a_minute_and_the_case_comes_back(app: Flask) -> None:
    desk = make_desk(app, 2, reviewers=2)
    case = desk.next()
    after = desk.post(f"{case}/decisions", outcome="rejected", reason="not_found", then="next").location
    assert f"{case}/undo" in desk.client.get(after).text
    answer = desk.post(f"{case}/undo")
    assert case in answer.location
    assert desk.client.get(answer.location).status_code == 200
    assert {row.position: row.outcome for row in rows(app, Decision)} == {1: "rejected", 2: "undone"}
    assert desk.post(f"{case}/decisions", **ONE_ACT | TODAY).status_code == 303
    assert [event.act for event in rows(app, AuditEvent, act="case.undone")] == ["case.undone"]


def test_a_slip_is_no_slip_after_a_minute_or_once_somebody_has_built_on_it(app: Flask) -> None:
    desk = make_desk(app, 2, reviewers=2)
    case = desk.next()
    desk.post(f"{case}/decisions", outcome="rejected", reason="not_found")
    other = Desk(app, desk.world, desk.world.reviewers[1])
    assert other.post(f"{case}/undo").status_code == 409, "it is somebody else's"
    rejected = {"outcome": "rejected", "reason": "not_found"}
    make.decide(app, desk.world.petition_id, id_of(case), desk.world.reviewers[1], **rejected)
    assert desk.post(f"{case}/undo").status_code == 409, "another has decided since"
    late = desk.next()
    desk.post(f"{late}/decisions", outcome="rejected", reason="not_found")
    with make.acting(app):
        db.session.execute(update(Decision).values(at=utcnow() - timedelta(seconds=61)))
    assert desk.post(f"{late}/undo").status_code == 409
    assert "undo" not in desk.page("desk").replace("/undo-", "")


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("said", "was_counted"), [(ONE_ACT | TODAY, True), ({"outcome": "rejected", "reason": "not_found"}, False)]
)
def test_what_one_reviewer_has_published_by_a_slip_is_taken_back_openly(
    app: Flask, said: dict[str, str], was_counted: bool
) -> None:
    desk = make_desk(app, 2)
    case = desk.next()
    after = desk.post(f"{case}/decisions", **said, then="next").location
    public = f"/p/{desk.world.slug}"
    published = app.test_client().get(f"{public}/status.json").get_json()
    assert published["states"]["checking"] == 1, "one reviewer decides, and it is published at once"
    page = html.unescape(desk.client.get(after).text)
    assert ("a correction says so in public" in page) == was_counted
    assert f"{case}/undo" in page
    back = desk.client.get(desk.post(f"{case}/undo").location).text
    assert "the case is yours again" in back
    assert ("a correction says so in public" in back) == was_counted
    published = app.test_client().get(f"{public}/status.json").get_json()
    assert (published["verified"], published["states"]["checking"]) == (0, 2)
    assert published["corrections"] == was_counted
    told = app.test_client().get(f"{public}/corrections").text
    assert ("being checked again and is not counted meanwhile" in told) == was_counted
    assert [event.act for event in rows(app, AuditEvent, act="case.undone")] == ["case.undone"]
    assert desk.post(f"{case}/undo").status_code == 409, "it was taken back"
    assert desk.post(f"{case}/decisions", **ONE_ACT | TODAY).status_code == 303
    assert make.state_of(app, id_of(case)) == "verified"
    assert not make.problems(app, desk.world.petition_id)


def test_a_slip_that_is_not_published_yet_is_no_correction(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = make_desk(app)
    case = desk.next()
    monkeypatch.setattr("petition_app.tally.publishing.publish_due", lambda *_, **__: None)
    desk.post(f"{case}/decisions", **ONE_ACT | TODAY)
    assert "a correction says so" not in desk.page("desk")
    assert desk.post(f"{case}/undo").status_code == 303
    assert [row.correction for row in rows(app, Decision, outcome="undone")] == [False]
    assert not make.problems(app, desk.world.petition_id)


# --- the hold -----------------------------------------------------------------------------------------------------


def until(app: Flask, case: str) -> datetime:
    (lease,) = rows(app, Lease, signature_id=id_of(case))
    found: datetime = lease.until
    return found


def test_a_hold_is_renewed_by_a_small_post_and_by_no_page(app: Flask) -> None:
    desk = make_desk(app)
    case = desk.next()
    with make.acting(app):
        db.session.execute(update(Lease).values(until=utcnow() + timedelta(minutes=1)))
    before = until(app, case)
    desk.page(case)
    assert until(app, case) == before, "looking changes nothing"
    answer = desk.client.post(
        f"{desk.home}/{case}/hold", data={"csrf_token": desk.csrf}, headers={"Accept": "application/json"}
    )
    assert 590 <= answer.json["seconds"] <= 600
    assert until(app, case) > before


def test_without_scripts_a_button_holds_it_longer_and_brings_the_text_back(app: Flask) -> None:
    desk = make_desk(app)
    case = desk.next()
    age_lease(app, case)
    answer = desk.post(f"{case}/hold", **ONE_ACT, note="They will call back at nine.")
    assert answer.status_code == 200
    page = html.unescape(answer.text)
    assert "They will call back at nine." in page
    assert re.search(r'name="how" value="live_call"[^>]* checked', page)
    assert until(app, case) > utcnow()
    assert not rows(app, Decision)


def test_what_was_typed_survives_the_end_of_the_hold(app: Flask) -> None:
    desk = make_desk(app)
    case = desk.next()
    age_lease(app, case)
    answer = desk.post(f"{case}/decisions", **ONE_ACT | TODAY, note="They will call back at nine.")
    assert answer.status_code == 409
    assert not rows(app, Decision)
    again = next(form for form in make.forms_of(answer) if form["action"].partition("?")[0].endswith("/hold"))
    page = desk.client.post(again["action"], data=again["fields"])
    assert page.status_code == 200
    assert "They will call back at nine." in html.unescape(page.text)


def test_a_case_that_somebody_else_has_taken_is_not_taken_again(app: Flask) -> None:
    desk = make_desk(app, reviewers=2)
    case = desk.next()
    age_lease(app, case)
    other = Desk(app, desk.world, desk.world.reviewers[1])
    assert other.next() == case
    assert desk.post(f"{case}/hold", note="Mine.").status_code == 409
    answer = desk.post(f"{case}/decisions", **ONE_ACT | TODAY, note="They will call back at nine.")
    page = html.unescape(answer.text)
    assert answer.status_code == 409
    assert "They will call back at nine." in page, "it can be copied"
    assert "Take it again" not in page


def test_no_case_is_held_that_was_never_given_or_was_put_back(app: Flask) -> None:
    desk = make_desk(app, 2)
    case = desk.next()
    (other,) = {row.id for row in rows(app, Signature)} - {id_of(case)}
    assert desk.post(f"cases/{other}/hold").status_code == 409
    desk.post(f"{case}/put-back")
    assert desk.post(f"{case}/hold").status_code == 409


# --- an ended session, locked keys --------------------------------------------------------------------------------


def carried(answer: Any) -> list[str]:
    return re.findall(r'name="kept" value="([^"]+)"', answer.text)


def test_what_was_typed_survives_an_ended_session(app: Flask) -> None:
    desk = make_desk(app)
    case = desk.next()
    with make.acting(app):
        db.session.execute(update(AccountSession).values(started_at=utcnow() - timedelta(hours=13)))
    answer = desk.post(f"{case}/decisions", **ONE_ACT | TODAY, note="They will call back at nine.")
    assert answer.status_code == 401
    assert "Your session had ended" in answer.text
    assert "call back" not in answer.text, "it is sealed"
    form = make.form_with(answer, "email", "password", "kept")
    wrong = desk.client.post("/organizer/login", data=form | {"email": desk.person.email, "password": "wrong"})
    assert carried(wrong) == carried(answer), "a wrong password loses nothing"
    back = desk.client.post("/organizer/login", data=form | {"email": desk.person.email, "password": make.PASSWORD})
    assert back.status_code == 200
    assert "They will call back at nine." in html.unescape(back.text)
    assert not rows(app, Decision)
    again = next(form for form in make.forms_of(back) if form["action"].partition("?")[0].endswith("/hold"))
    page = desk.client.post(again["action"], data=again["fields"])
    if make.default_mode == "sealed":
        assert page.status_code == 401, "the keys were locked with the session"
        return
    assert page.status_code == 200
    assert re.search(r'name="agrees" value="1"[^>]* checked', page.text)


def test_what_was_typed_is_given_to_nobody_else_and_not_for_long(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = make_desk(app, reviewers=2)
    case = desk.next()
    with make.acting(app):
        db.session.execute(update(AccountSession).values(started_at=utcnow() - timedelta(hours=13)))
    answer = desk.post(f"{case}/decisions", **ONE_ACT | TODAY, note="They will call back at nine.")
    form = make.form_with(answer, "email", "password", "kept")
    other = desk.world.reviewers[1]
    back = desk.client.post("/organizer/login", data=form | {"email": other.email, "password": make.PASSWORD})
    assert back.status_code in (302, 303)
    late = utcnow() + timedelta(minutes=16)
    monkeypatch.setattr("petition_app.web.resumed_posts.utcnow", lambda: late)
    fresh = app.test_client()
    form |= make.form_with(fresh.get("/organizer/login"), "csrf_token", "email", "password") | {"kept": form["kept"]}
    back = fresh.post("/organizer/login", data=form | {"email": desk.person.email, "password": make.PASSWORD})
    assert back.status_code in (302, 303)


def test_a_page_that_was_only_looked_at_says_why_sign_in_is_asked(app: Flask) -> None:
    desk = make_desk(app)
    with make.acting(app):
        db.session.execute(update(AccountSession).values(started_at=utcnow() - timedelta(hours=13)))
    answer = desk.client.get(f"{desk.home}/desk", follow_redirects=True)
    assert "Your session has ended" in answer.text


def test_what_was_typed_survives_locked_keys(app: Flask) -> None:
    world = make.make_sealed_world(app)
    make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    desk = Desk(app, world, world.reviewers[0])
    unlock(desk)
    case = desk.next()
    with make.acting(app, locked=True):
        db.session.execute(update(Unlock).values(seen_at=utcnow() - timedelta(minutes=20)))
    answer = desk.post(f"{case}/decisions", **ONE_ACT | TODAY, note="They will call back at nine.")
    assert answer.status_code == 401
    assert "The keys had been locked" in answer.text
    form = make.form_with(answer, "passphrase", "kept")
    back = desk.client.post(f"{desk.home}/unlock", data=form | {"passphrase": make.PASSPHRASE})
    assert back.status_code == 200
    again = next(form for form in make.forms_of(back) if form["action"].partition("?")[0].endswith("/hold"))
    page = desk.client.post(again["action"], data=again["fields"])
    assert page.status_code == 200
    assert "They will call back at nine." in html.unescape(page.text)


def unlock(desk: Desk) -> None:
    form = make.form_with(desk.client.get(f"{desk.home}/unlock"), "passphrase")
    assert desk.client.post(f"{desk.home}/unlock", data=form | {"passphrase": make.PASSPHRASE}).status_code == 303


# --- the roster by hand -------------------------------------------------------------------------------------------


def with_roster(app: Flask, cli: Callable[..., SimpleNamespace], folder: Path, **policy: Any) -> Desk:
    world = make.make_world(app, roster=True, **policy)
    path = folder / "roster.csv"
    path.write_text(ROSTER)
    cli("roster", "import", world.slug, path, "--name", "Deputies", "--as-of", "2026-09-01")
    make.make_signature(app, world.petition_id, "Вера Борисовна Якушева", place="МО Центральное")
    make.seal(app, world.petition_id, by=world.organizer)
    return Desk(app, world, world.reviewers[0])


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("третьяк", "Третьякова Екатерина Олеговна"),
        ("Tretyakova", "Третьякова Екатерина Олеговна"),
        ("сосновое", "Третьякова Екатерина Олеговна"),
        ("председатель", "Третьякова Екатерина Олеговна"),
        ("любовь лесное", "Климушина Любовь Николаевна"),
        ("Lyubov", "Климушина Любовь Николаевна"),
    ],
)
def test_the_roster_is_searched_by_any_part(
    app: Flask, cli: Callable[..., SimpleNamespace], tmp_path: Path, words: str, name: str
) -> None:
    desk = with_roster(app, cli, tmp_path)
    case = desk.next()
    answer = desk.post(f"{case}/roster", wanted=words, outcome="verified", one_act="1", note="A note.")
    assert answer.status_code == 200
    page = html.unescape(answer.text)
    assert "1 person fits and stands above." in page
    choices = page.partition('id="who"')[2].partition("</fieldset>")[0]
    assert name in choices
    assert "A note." in page


def test_a_case_is_bound_to_an_entry_found_by_hand_and_the_trail_keeps_no_words(
    app: Flask, cli: Callable[..., SimpleNamespace], tmp_path: Path
) -> None:
    desk = with_roster(app, cli, tmp_path)
    case = desk.next()
    page = html.unescape(desk.post(f"{case}/roster", wanted="Климушина").text)
    key = re.findall(r'name="entry" value="([^"]+)"[^>]*>\s*<label[^>]*>[^<]*(?:<[^>]*>)*[^<]*Климушина', page)
    assert key, page.partition('id="who"')[2][:1500]
    chosen = ONE_ACT | TODAY | {"entry": key[-1]}
    answer = desk.post(f"{case}/decisions", **chosen)
    assert answer.status_code == 422, "an entry that the match does not show asks for a sentence"
    assert re.search(rf'value="{re.escape(key[-1])}"[^>]* checked', answer.text), "the choice is kept"
    assert desk.post(f"{case}/decisions", **chosen, grounds="She has taken her husband's name.").status_code == 303
    (event,) = rows(app, AuditEvent, act="roster.searched")
    assert (event.number, event.actor_id) == (1, desk.person.id)
    assert make.state_of(app, id_of(case)) == "verified"


# --- forms sent twice ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", [ONE_ACT | TODAY, {"outcome": "rejected", "reason": "not_found"}], ids=["verified", "rejected"]
)
def test_the_same_decision_sent_twice_is_one_with_the_first_result(app: Flask, form: dict[str, str]) -> None:
    desk = make_desk(app, 3, reviewers=2)
    case = desk.next()
    first, second = (desk.post(f"{case}/decisions", **form, then="next") for _ in range(2))
    assert first.location == second.location
    assert "Your decision is recorded" in desk.client.get(second.location).text
    assert len(rows(app, Decision)) == 1
    other = {"outcome": "rejected", "reason": "not_reached"}
    assert desk.post(f"{case}/decisions", **other).status_code == 409, "another decision is not the same form"


@pytest.mark.everywhere
def test_the_same_evidence_and_the_same_question_sent_twice_are_one(app: Flask) -> None:
    desk = make_desk(app)
    case = desk.next()
    found = {"kind": "document", "strength": "2", "on": TODAY["contacted_on"], "seen": "A card."}
    for _ in range(2):
        assert desk.post(f"{case}/evidence", **found).status_code == 303
    assert len(rows(app, Evidence)) == 1
    assert desk.post(f"{case}/evidence", **found | {"seen": "Another."}).status_code == 303
    assert len(rows(app, Evidence)) == 2
    for _ in range(2):
        assert desk.post(f"{case}/question", question="When were you elected?").status_code == 303
    assert len(rows(app, AuditEvent, act="case.asked")) == 1


def test_the_same_seal_sent_twice_seals_one_batch_and_says_so_once_more(app: Flask) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    organizer = Desk(app, world, world.organizer)
    form = make.form_with(organizer.client.get(f"{organizer.home}/seal"), "en", "ru", "written_for")
    for _ in range(2):
        answer = organizer.client.post(f"{organizer.home}/seal", data=form | {"act": "seal"})
        assert answer.status_code == 303
        page = organizer.client.get(answer.location).text
        assert "Batch 1 is sealed and announced." in page
        assert "did not work" not in page
        make.make_signature(app, world.petition_id)
    with make.looking(app):
        assert [batch.number for batch in list_batches(world.petition_id)] == [1]


# --- words --------------------------------------------------------------------------------------------------------


def test_help_is_that_of_ones_role_and_the_other_is_a_link_away(app: Flask) -> None:
    world = make.make_world(app)
    reviewer, organizer = (make.signed_in(app, person) for person in (world.reviewers[0], world.organizer))
    assert "<h1>The desk</h1>" in reviewer.get("/organizer/help").text
    assert "<h1>The desk</h1>" not in organizer.get("/organizer/help").text
    assert "<h1>The desk</h1>" in organizer.get("/organizer/help?guide=reviewers").text
    assert "<h1>Проверка</h1>" in reviewer.get("/organizer/help?lang=ru").text


def test_a_match_that_is_not_strong_says_why(app: Flask, cli: Callable[..., SimpleNamespace], tmp_path: Path) -> None:
    desk = with_roster(app, cli, tmp_path)
    make.make_signature(app, desk.world.petition_id, "В. Якушева", place="")
    make.seal(app, desk.world.petition_id, by=desk.world.organizer)
    first = desk.next()
    assert "Not strong:" not in desk.page(first)
    desk.post(f"{first}/decisions", outcome="rejected", reason="not_found")
    page = desk.page(desk.next())
    told = page.partition("Not strong:")[2].partition("</p>")[0]
    assert "the given name is not written out" in told
    assert "no place or body was given" in told


def test_evidence_in_the_trail_is_told_in_words(app: Flask) -> None:
    desk = make_desk(app)
    found = {"kind": "document", "strength": "2", "on": TODAY["contacted_on"]}
    assert desk.post(f"{desk.next()}/evidence", **found).status_code == 303
    trail = make.signed_in(app, desk.world.organizer).get(f"{desk.home}/trail").text
    assert "recorded evidence on a case" in trail
    assert "evidence_added" not in trail


def test_a_petition_that_has_no_roster_yet_says_so(app: Flask) -> None:
    world = make.make_world(app, roster=True)
    make.make_signature(app, world.petition_id, "Вера Борисовна Якушева")
    make.seal(app, world.petition_id, by=world.organizer)
    desk = Desk(app, world, world.reviewers[0])
    page = desk.page(desk.next())
    assert "none has been brought in yet" in page
    assert "the worker is at it" not in page
