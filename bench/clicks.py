"""What an organizer's work costs in clicks, in a real browser: here, and in an earlier build.

`python bench/clicks.py [--against REVISION] [--json]`; with a revision that build is checked out into a folder of its
own and walked through as well. Without one, what was counted there before stands in the table.

A click is on a link, a button or what is folded away; a choice is a radio, a tick, a menu or a file; both together may
not be more than before. What is typed is not counted: Tab leads from field to field. Each task begins on the overview
of a letter, the first one on the page after signing in; both builds get the same letter, with the same rules.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from places import HOME, Installation, folder
from side_by_side import check_out
from walking import PASSWORD, Walk, signed_in

from petition_app.clock import utcnow

EMAIL = "olga@example.org"
SLUG = "new-letter"
# Each task, and what this file has counted in 550a17a: clicks, choices and page loads.
TASKS = {
    "create": ("create a petition", 4, 6, 4),
    "invite": ("invite three people", 4, 0, 4),
    "roster": ("bring in a roster", 3, 1, 3),
    "import": ("import a list", 4, 1, 4),
    "open": ("open for signing", 2, 0, 1),
    "seal": ("seal a batch", 2, 0, 2),
    "correct": ("correct a published name", 5, 1, 4),
    "hand over": ("record the hand-over", 3, 0, 3),
}
LETTER = """
slug = "letter"
addressee = "The Assembly"
who_may_sign = "deputies"
reviewers = 1
mail = "none"
organizers = "Invented people"
contact = "letter@example.org"
title.en = "A letter"
title.ru = "Письмо"
text.en = "We ask."
text.ru = "Мы просим."
"""
TODAY = utcnow().date().isoformat()
ROSTER = "name,body\nВера Луговая,МО Речное\nГлеб Дольный,МО Лесное\n"
NAMES = "name,place,publish\nВера Луговая,МО Речное,name\nГлеб Дольный,МО Лесное,name\n"
PEOPLE = ("anna", "boris", "clara")
# What is the same petition in both builds.
FOR_DEPUTIES = {"reviewers": "2", "match_rule": "strong", "evidence_rule": "2", "mail": "required"}
AT_RISK = {"harm": "nobody", "holders": "apart", "server": "abroad"}
WORDS = {"title_en": "A letter", "text_en": "We ask.", "addressee_en": "The Assembly", "who_may_sign_en": "deputies"}
CONTACT = {"organizers_en": "Invented people", "contact": "letter@example.org"}
NEXT = "button[name=act][value=next]"
# Fills in what this build's form has of these fields, and sends it.
DECIDE = """(form, fields) => {
    for (const [name, value] of Object.entries(fields)) {
        const field = form.elements[name];
        if (field) field.value = value;
    }
    form.requestSubmit();
}"""
VERDICT = {"how": "live_call", "agrees": "1", "contact": "official_contact"}


@dataclass(frozen=True)
class Cost:
    """What one task has cost."""

    task: str
    clicks: int
    choices: int
    loads: int

    @property
    def acts(self) -> int:
        """What may not become more."""
        return self.clicks + self.choices


@dataclass
class Organizer:
    """Somebody at work in one build."""

    walk: Walk
    address: str

    def go(self, path: str) -> None:
        """Go to where a task begins; what it costs to come there is not counted."""
        self.walk.page.goto(f"{self.address}/organizer{path}")
        self.walk.begin_anew()

    def follow(self, ending: str) -> None:
        """Click on the link of this page whose address ends so."""
        self.walk.click(f"a:is([href$='{ending}'], [href*='{ending}?'], [href*='{ending}#'])")

    def send(self, ending: str, button: str = "button[type=submit]") -> None:
        """Click on a button of the form that is sent there."""
        self.walk.click(f"form[action$='{ending}'] {button}")


# --- tasks ------------------------------------------------------------------------------------------------------


def create(one: Organizer) -> None:
    """Draft a letter of deputies, and answer what is asked about danger."""
    walk = one.walk
    one.go("")
    one.follow("/petitions/new")
    if not walk.shows("[name=template]"):
        walk.fill(**WORDS, **CONTACT, slug=SLUG)
        walk.choose(roster="y" if walk.page.locator("[name=roster][value=y]").count() else "1", **FOR_DEPUTIES)
        walk.click("form:has([name=title_en]) .btn-primary")
        one.follow("/before-opening")
        walk.choose(**AT_RISK)
        one.send("/before-opening")
        return
    walk.choose(template="deputies")
    walk.fill(slug=SLUG)
    one.send("/begin")
    walk.fill(title_en=WORDS["title_en"], text_en=WORDS["text_en"], addressee_en=WORDS["addressee_en"])
    walk.fill(title_ru="", text_ru="", addressee_ru="")
    walk.click(NEXT)
    walk.fill(**CONTACT, who_may_sign_en=WORDS["who_may_sign_en"], who_may_sign_ru="")
    walk.click(NEXT)
    walk.choose(**AT_RISK, mode="standard")
    walk.click("button[name=act][value=leave]")


def invite(one: Organizer) -> None:
    """Invite three reviewers."""
    walk = one.walk
    one.go(f"/p/{SLUG}")
    one.follow("/people")
    if walk.shows("[name=people]"):
        walk.choose(role_for_all="reviewer")
        walk.fill(people="\n".join(f"{name.title()} <{name}@example.org>" for name in PEOPLE))
        one.send("/invite-several")
        walk.click("button[name=act][value=send]")
        return
    for name in PEOPLE:
        walk.fill(name=name.title(), email=f"{name}@example.org")
        walk.choose(invited_role="reviewer")
        walk.click("form[action*='/invite'] button[type=submit]")


def bring_roster(one: Organizer) -> None:
    """Upload the list of those who may sign, look at it, use it."""
    one.go(f"/p/{SLUG}")
    one.follow("/roster")
    one.walk.bring(ROSTER)
    one.walk.fill(name="Deputies", as_of="2026-09-01")
    one.walk.click("form[enctype] button[type=submit]")
    one.walk.click("form[action$='/use'] button, button[formaction$='/use']")


def import_list(one: Organizer) -> None:
    """Bring in names whose word the organizer holds."""
    walk = one.walk
    one.go(f"/p/{SLUG}")
    one.follow("/imports")
    walk.bring(NAMES)
    walk.click("form[enctype] button[type=submit]")
    walk.fill(consent="On paper")
    walk.click("form[action$='/columns'] button:not([formaction])")
    walk.click("form[action$='/start'] button, button[formaction$='/start']")


def open_letter(one: Organizer) -> None:
    """Open it for signing."""
    one.go(f"/p/{SLUG}")
    one.walk.click("details:has(form[action*='/open']) > summary", leads=False)
    one.walk.click("form[action*='/open'] button")


def seal(one: Organizer) -> None:
    """Seal what was received, and announce it as drafted."""
    one.go("/p/letter")
    one.follow("/seal")
    one.walk.click("button[value=seal]")


def correct(one: Organizer) -> None:
    """Take a published name back."""
    walk = one.walk
    one.go("/p/letter")
    one.follow("/decided")
    walk.click("main a[href*='/decided/']")
    one.send("/open")
    walk.click("details:has(form[action*='/retract']) > summary", leads=False)
    walk.choose(retraction="entered_in_error")
    walk.click("form[action*='/retract'] button")


def hand_over(one: Organizer) -> None:
    """Tell the public that the letter was handed over."""
    walk = one.walk
    one.go("/p/letter")
    one.follow("/handed_over")
    walk.fill(recipient_en="The Assembly", recipient_ru="Собрание", day=TODAY)
    walk.click("button[value=preview]")
    walk.click("button[value=publish]")


WALKS: dict[str, Callable[[Organizer], None]] = {
    "create": create, "invite": invite, "roster": bring_roster, "import": import_list, "open": open_letter,
    "seal": seal, "correct": correct, "hand over": hand_over,
}  # fmt: skip


# --- measuring --------------------------------------------------------------------------------------------------


def prepare(installed: Installation, place: Path) -> None:
    """Have an organizer, and a letter of theirs with one name received."""
    (place / "letter.toml").write_text(LETTER)
    (place / "names.csv").write_text(NAMES)
    installed.flask("petitions", "create", str(place / "letter.toml"))
    role = ("--name", "Olga", "--role", "organizer", "--petition", "letter", "--password-stdin")
    installed.flask("accounts", "create", EMAIL, *role, feed=f"{PASSWORD}\n")
    installed.flask("petitions", "open", "letter")
    installed.flask("signatures", "import", "letter", str(place / "names.csv"), "--consent", "on paper")
    installed.flask("worker", "--drain")


def verify_one(one: Organizer) -> None:
    """Have a name to take back: verify the first case, uncounted."""
    page = one.walk.page
    page.goto(f"{one.address}/organizer/p/letter/desk")
    page.locator(".next-case").click()
    page.wait_for_url("**/cases/**")
    with page.expect_navigation():
        page.locator("form:has([name=outcome][value=verified])").evaluate(DECIDE, VERDICT)


def measure(home: Path, place: Path) -> dict[str, Cost]:
    """Do every task in one build."""
    found = {}
    installed = Installation(place, home=home)
    prepare(installed, place)
    with installed.serving(), signed_in(installed.address, EMAIL) as page:
        one = Organizer(Walk(page), installed.address)
        for name, walk in WALKS.items():
            if name == "correct":
                verify_one(one)
            walk(one)
            if alerts := page.locator("[role=alert]").all_inner_texts():
                raise RuntimeError(f"{name}: {alerts}")
            found[name] = Cost(name, one.walk.clicks, one.walk.choices, one.walk.loads)
    return found


def table(here: dict[str, Cost], before: dict[str, Cost], revision: str) -> str:
    """Return one line a task: clicks and choices, and page loads, here and before."""
    lines = [f"{'':<5} {'':<26} {'here':>9} {'loads':>6}   {revision:>9} {'loads':>6}   (clicks + choices)"]
    for name, now in here.items():
        then = before[name]
        state, costs = (
            "holds" if now.acts <= then.acts else "MORE",
            [f"{one.clicks} + {one.choices}" for one in (now, then)],
        )
        line = f"{state:<5} {TASKS[name][0]:<26} {costs[0]:>9} {now.loads:>6}   {costs[1]:>9} {then.loads:>6}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", metavar="REVISION", help="walk through this build as well")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with folder() as place:
        (place / "here").mkdir()
        here = measure(HOME, place / "here")
        before = {name: Cost(name, *cost) for name, (_, *cost) in TASKS.items()}
        if given.against:
            build = check_out(given.against, place)
            build.place.mkdir()
            before = measure(build.home, build.place)
    if given.json:
        print(json.dumps({"here": [asdict(one) for one in here.values()],
                          "before": [asdict(one) for one in before.values()]}, indent=1))  # fmt: skip
        return
    print(table(here, before, given.against or "before"))


if __name__ == "__main__":
    main()
