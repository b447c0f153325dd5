"""The founding day, act by act: 19 initial signatories, a correction, 84 more received, 47 verified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from petition_app.accounts.models import Account
from petition_app.accounts.services import create_account
from petition_app.crypto.form_tokens import new_form_token
from petition_app.imports import admission
from petition_app.imports import services as imports
from petition_app.keys import member_keys, open_keys, unlocking
from petition_app.keys import services as key_services
from petition_app.keys.open_keys import OpenKeys
from petition_app.petitions import services as petitions
from petition_app.petitions.models import Petition
from petition_app.petitions.toml_reader import read_petition
from petition_app.roster import file_reader as roster_tables
from petition_app.roster import services as rosters
from petition_app.signatures import file_reader, messages
from petition_app.signatures import services as signing
from petition_app.signatures.file_reader import Row
from petition_app.signatures.new_signatures import NewSignature
from petition_app.signatures.sealing import Identity
from petition_app.storage import jobs
from petition_app.storage.db import transaction
from petition_app.tally.names import open_due_names
from petition_app.tally.services import publish_due, publish_now
from petition_app.verification.batches import services as batches
from petition_app.verification.cases.open_keys_access import OpenKeysAccess
from petition_app.verification.decisions import policy, reopening
from petition_app.verification.decisions import services as checking
from petition_app.verification.decisions.policy import NewDecision
from petition_app.verification.desk import case_view, evidence
from petition_app.verification.desk.evidence import NewEvidence
from petition_app.verification.dialogue import questions

FOLDER = Path(__file__).parent
SLUG = "founding-day"
PASSWORD = "founding-day-demo"  # noqa: S105 -- printed for everybody; the people are invented.
PASSPHRASE = "founding day of invented people"  # noqa: S105 -- the same.
STAFF = (
    ("organizer@example.org", "Olga Organizer", "organizer"),
    ("reviewer1@example.org", "Roman Reviewer", "reviewer"),
    ("reviewer2@example.org", "Rita Reviewer", "reviewer"),
    ("auditor@example.org", "Arina Auditor", "auditor"),
)
ROSTER_NAME = "City register of municipal deputies"
CONSENT_HELD = "The organizer holds each signatory's written consent."
QUESTION = "В каком совете вы депутат, и с какого года? / On which council do you sit, and since when?"
ACCESS = OpenKeysAccess()
GROUNDS = "Так подписан протокол совета. / The council's minutes are signed with this name."

# What becomes of batch 1, by the file's own references; the others are still being checked. Among those are b065, who
# repeats i001, b081, who has a namesake, and b084, who claims the same entry of the roster as b083. Of the two people
# whom b023 may be, one is i014.
VERIFIED = tuple(f"b{number:03}" for number in (*range(1, 17), *range(23, 35)))
REJECTED = {f"b{number:03}": "not_found" for number in range(72, 81)}
REJECTED |= dict.fromkeys(("b017", "b018", "b019"), "not_reached")
DUPLICATES = {"b066": "i004", "b067": "i007", "b068": "i010", "b069": "b001", "b070": "b006", "b071": "b011"}
WITHDRAWN = ("b020", "b021")
ASKED = ("b082", "b083", "b036")
FOUND = {
    "b035": NewEvidence("public_profile", 2, date.min, "Страница на сайте совета / a page on the council's site"),
    "b084": NewEvidence(
        "known_account", 1, date.min, "Ответ с личного ящика / an answer from a private mailbox",
        "Ящик могут читать другие. / Others may read that mailbox.",
    ),
}  # fmt: skip
NAMESAKES = {"b023": "R0302"}
LATE = Row(0, Identity("Звонарёва Алиса Марковна", "муниципальный депутат", "МО Лесное"), "", "ru", 3, "late")


@dataclass
class Story:
    """The day as it unfolds: `now` is the time of the latest act."""

    petition_id: UUID
    now: datetime
    people: dict[str, Account]
    signatures: dict[str, UUID]
    codes: dict[str, str]
    keys: dict[str, OpenKeys]

    @contextmanager
    def act(self, minutes: float, who: str = "organizer") -> Iterator[Petition]:
        """Do one act some minutes later, in sealed mode with somebody's keys, and publish what it changed."""
        self.now += timedelta(minutes=minutes)
        with open_keys.using(self.keys.get(who)), transaction():
            yield petitions.get_by_slug(SLUG)
            publish_due(self.petition_id, at=self.now)

    def ref(self, case: case_view.Case) -> str:
        """Return the file's own reference of a case."""
        refs = {signature_id: ref for ref, signature_id in self.signatures.items()}
        return refs.get(case.signature.id) or case.email.split("@")[0]


def tell(now: datetime, *, sealed: bool = False) -> Story:
    """Make the founding day so that it ends now, in the state after "47 verified"; return it with its secret codes."""
    start = now - timedelta(hours=33)
    with transaction():
        new = read_petition(FOLDER / "petition.toml")
        if sealed:
            new = replace(new, mode="sealed", mail="none")
        petition = petitions.create(new, by=None, at=start)
        people = {
            email.split("@")[0]: create_account(
                email=email, name=name, role=role, petition_id=petition.id, password=PASSWORD, at=start
            )
            for email, name, role in STAFF
        }
        story = Story(petition.id, start, people, {}, {}, {})
    if sealed:
        _hand_out_keys(story)
    _roster(story)
    _initial(story)
    _batch(story)
    _check_batch(story, ends=now)
    with story.act(0) as petition:
        if sealed:
            publish_now(petition, by=people["organizer"], at=story.now)
            open_due_names(petition, access=ACCESS, at=story.now)
    return story


def _hand_out_keys(story: Story) -> None:
    """Have everybody but the auditor make a key of their own, and hand them the petition's."""
    holders = ("organizer", "reviewer1", "reviewer2")
    with transaction():
        for name in holders:
            member_keys.make_account_key(story.people[name], PASSPHRASE, at=story.now)
        key_services.make_petition_keys(story.petition_id, by=story.people["organizer"], at=story.now)
    with transaction():
        for name in holders:
            keys = unlocking.open_once(story.people[name], story.petition_id, PASSPHRASE, at=story.now)
            story.keys[name] = keys


def _roster(story: Story) -> None:
    """Bring in who may sign, elected for a term now running. Nothing was signed, so nothing has to be compared yet."""
    path, by, year = FOLDER / "roster.csv", story.people["organizer"], story.now.year
    table, begins, ends = roster_tables.open_table(path), date(year - 2, 9, 8), date(year + 3, 9, 8)
    rows = [row for row in table.rows() if isinstance(row, roster_tables.Entry)]
    with story.act(0) as petition:
        version = rosters.begin(
            petition, name=ROSTER_NAME, as_of=story.now.date(), sha256=sha256(path.read_bytes()).digest(),
            columns=table.layout.columns, by=by, at=story.now,
        )  # fmt: skip
        rosters.stage(version.id, [replace(row, term_from=begins, term_to=ends) for row in rows])
        rosters.admit(version.id, by=by, at=story.now)
        if job := jobs.claim(at=story.now):
            jobs.finish(job.id)


def _initial(story: Story) -> None:
    rows = _rows("initial.csv")
    with story.act(1) as petition:
        petitions.change_state(petition, "open", by=story.people["organizer"], at=story.now)
    for minutes, part, name in ((1, rows[:19], b"1-19"), (270, rows[19:], b"20")):
        with story.act(minutes) as petition:
            job = imports.begin(petition, sha256=name.ljust(32), initial=True, at=story.now)
            imports.stage(job, part, consent_held=CONSENT_HELD, codes=False)
            admission.admit_import(job.id, by=story.people["organizer"], at=story.now)
        for reviewer in ("reviewer1", "reviewer2"):
            _work(story, reviewer, minutes=0.5)
    with story.act(95) as petition:
        reopening.retract(
            story.signatures["i020"],
            reason="entered_in_error",
            petition=petition,
            by=story.people["organizer"],
            at=story.now,
        )


def _batch(story: Story) -> None:
    for row in _rows("batch1.csv"):
        _sign(story, row, minutes=3)
    with story.act(20) as petition:
        batches.seal(petition, by=story.people["organizer"], at=story.now)
    _sign(story, LATE, minutes=30)


def _sign(story: Story, row: Row, *, minutes: float) -> None:
    """Sign and confirm as a signer does, with the code that would have been mailed."""
    email = (row.email or "zvonareva@example.org") if not story.keys else ""
    with story.act(minutes) as petition:
        new = NewSignature(new_form_token(), row.identity, email, row.language, row.consent, others=None)
        pending = signing.sign(new, petition=petition, at=story.now)
        job = jobs.claim(at=story.now) if email else None
        code = messages.open_message(job.payload).words if job else ""
        if job:
            jobs.finish(job.id)
        confirmed = signing.confirm(petition=petition, pending=pending, code=code, at=story.now)
        if confirmed:
            story.codes[row.ref] = confirmed.secret_code
            story.signatures[row.ref] = signing.find_by_code(confirmed.secret_code)[0].id


def _check_batch(story: Story, *, ends: datetime) -> None:
    story.now = ends - timedelta(hours=6)
    for ref in WITHDRAWN:
        with story.act(5):
            signature, _ = signing.find_by_code(story.codes[ref])
            signing.withdraw(signature, at=story.now)
    pause = (ends - story.now).total_seconds() / 60 / 170
    for reviewer in ("reviewer1", "reviewer2"):
        _work(story, reviewer, minutes=pause)


def _work(story: Story, reviewer: str, *, minutes: float) -> None:
    """Take each waiting case once, in the order the desk gives them, and do what the story says about it."""
    by, seen, after = story.people[reviewer], set[UUID](), None
    while True:
        with story.act(minutes, reviewer) as petition:
            after = case_view.next_case(petition, access=ACCESS, by=by, at=story.now, after=after)
            if after is None or after in seen:
                if after:
                    checking.put_back(after, petition=petition, by=by, at=story.now)
                return
            seen.add(after)
            case = case_view.open_case(after, access=ACCESS, petition=petition, by=by, at=story.now)
            _handle(story, case, story.ref(case), petition=petition, by=by)


def _handle(story: Story, case: case_view.Case, ref: str, *, petition: Petition, by: Account) -> None:
    story.signatures[ref] = signature_id = case.signature.id
    on = story.now.date()
    if ref in ASKED and case.signature.state == "checking":
        questions.ask(signature_id, QUESTION, access=ACCESS, petition=petition, by=by, at=story.now)
        return
    if ref in REJECTED:
        new = NewDecision("rejected", reason=REJECTED[ref])
    elif ref in DUPLICATES:
        new = NewDecision("duplicate", duplicate_of=story.signatures[DUPLICATES[ref]])
    elif ref in VERIFIED or ref.startswith("i"):
        new = _verified(case, petition, entry=NAMESAKES.get(ref), on=on)
    else:
        if ref in FOUND and not case.evidence:
            evidence.add(
                signature_id, replace(FOUND[ref], on=on), access=ACCESS, petition=petition, by=by, at=story.now
            )
        checking.put_back(signature_id, petition=petition, by=by, at=story.now)
        return
    checking.decide(signature_id, new, access=ACCESS, petition=petition, by=by, at=story.now)


def _verified(case: case_view.Case, petition: Petition, *, entry: str | None, on: date) -> NewDecision:
    """Say that the person was reached, and who it is: this entry, else the one that fits best, if it fits well."""
    best = case.match.candidates[0].key if case.match and case.match.candidates else ""
    if entry is None and policy.is_enough(case.match, best, rule=petition.match_rule):
        entry = best
    return NewDecision(
        "verified",
        contact="official_contact",
        contacted_on=on,
        eligible="on_roster" if entry else "other_grounds",
        entry=entry,
        grounds="" if entry == best else GROUNDS,
    )


def _rows(name: str) -> list[Row]:
    return [row for row in file_reader.open_table(FOLDER / name, allow_consent=True).rows() if isinstance(row, Row)]
