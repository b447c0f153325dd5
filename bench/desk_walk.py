"""Twenty cases at the desk, with the keyboard alone in a real browser: page loads and keystrokes a case.

`python bench/desk_walk.py [--home FOLDER] [--json]`; `--home` names another build of the product, to walk through the
desk as it was before. The letter asks for a roster entry and for evidence of strength 2, of two reviewers. Sixteen of
the signers are on the roster, four are not.

Each case is decided in the shortest way that the page offers, and then, in a second letter, with a piece of evidence in
words. A key pressed counts once, with whatever is held beside it; `walking.py` says what a page load is.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from places import HOME, Installation, folder
from walking import PASSWORD, Walk, signed_in

EMAIL = "rita@example.org"
CASES, STRANGERS = 20, 4
MOST_LOADS, MOST_KEYS = 2, 4
SURNAMES = [
    "Якушева",
    "Третьякова",
    "Климушина",
    "Исакова",
    "Рогачёва",
    "Юина",
    "Лаптева",
    "Седова",
    "Чернова",
    "Громова",
]
GIVEN = (("Вера", "Борисовна"), ("Екатерина", "Олеговна"))
BODIES = ("МО Центральное", "МО Сосновое", "МО Лесное", "МО Луговое")
PETITION = """
slug = "{slug}"
addressee = "The Assembly"
who_may_sign = "deputies"
reviewers = 2
roster = true
evidence = 2
mail = "none"
organizers = "Invented people"
contact = "letter@example.org"
title.en = "A letter"
text.en = "We ask."
"""
WAYS = {"shortest": "", "with evidence in words": "The council's page names this number."}


@dataclass
class CaseWalk(Walk):
    """A walk that notes what each case has cost: outcome, page loads, keystrokes, characters written."""

    cases: list[tuple[str, int, int, int]] = field(default_factory=list)

    def end_case(self, outcome: str) -> None:
        """Note what a case has cost."""
        self.cases.append((outcome, self.loads, self.keys, self.typed))
        self.begin_anew()


def decide(walk: CaseWalk, words: str) -> str:
    """Decide the case on the page; return the outcome."""
    page = walk.page
    is_new = page.locator("[name=how]").count() > 0
    if not page.locator(".match-strong").count():
        walk.press("n")
        walk.press("Space")
        outcome = "rejected"
    elif is_new:
        walk.press("1")
        walk.press("y")
        walk.press("Shift+H" if words else "h")
        if words:
            walk.write(words)
        outcome = "verified"
    else:
        if words:
            walk.press("e")
            walk.tab_to("#evidence [name=seen]")
            walk.write(words)
            walk.press("Control+Enter", leads=True)
        walk.press("v")
        walk.tab_to("[name=contact]")
        walk.press("ArrowDown")
        outcome = "verified"
    walk.press("Control+Enter", leads=True)
    return outcome


def take_all(walk: CaseWalk, words: str) -> None:
    """Decide every case; the desk leads to the next one by itself, or a key does."""
    page = walk.page
    while True:
        if "/cases/" not in page.url:
            if not page.locator(".next-case").count():
                return
            walk.press(page.locator(".next-case").get_attribute("data-key") or "", leads=True)
            if "/cases/" not in page.url:
                return
        if page.locator(".act-failed").count():
            raise RuntimeError(page.locator("[role=alert]").first.inner_text())
        walk.end_case(decide(walk, words))


def prepare(installed: Installation, slug: str, place: Path) -> None:
    """Open a letter with a roster, a reviewer and twenty sealed signatures."""
    people = [(f"{name} {given} {patronymic}", BODIES[number % 4])
              for given, patronymic in GIVEN for number, name in enumerate(SURNAMES)]  # fmt: skip
    lines = [f'"{name}",{body}' for name, body in people]
    (place / "roster.csv").write_text("\n".join(["name,body", *lines]))
    strangers = [f'"Никитина Неизвестная-{"абвг"[number]}",Нигде' for number in range(STRANGERS)]
    (place / "signers.csv").write_text("\n".join(["name,place", *lines[: CASES - STRANGERS], *strangers]))
    (place / "petition.toml").write_text(PETITION.format(slug=slug))
    installed.flask("petitions", "create", str(place / "petition.toml"))
    installed.flask("petitions", "open", slug)
    installed.flask("roster", "import", slug, str(place / "roster.csv"), "--name", "Deputies", "--as-of", "2026-09-01")
    role = ("--name", "Rita", "--role", "reviewer", "--petition", slug, "--password-stdin")
    installed.flask("accounts", "create", EMAIL.replace("@", f"+{slug}@"), *role, feed=f"{PASSWORD}\n")
    installed.flask("signatures", "import", slug, str(place / "signers.csv"))
    installed.flask("batches", "seal", slug)
    installed.flask("worker", "--drain")


def measure(home: Path) -> dict[str, list[tuple[str, int, int, int]]]:
    """Walk in each way; return what each case has cost: outcome, page loads, keystrokes, characters written."""
    found = {}
    with folder() as place:
        installed = Installation(place, home=home)
        for number in range(len(WAYS)):
            prepare(installed, f"letter-{number}", place)
        with installed.serving():
            for number, (way, words) in enumerate(WAYS.items()):
                slug = f"letter-{number}"
                with signed_in(installed.address, EMAIL.replace("@", f"+{slug}@")) as page:
                    page.goto(f"{installed.address}/organizer/p/{slug}/desk")
                    walk = CaseWalk(page)
                    take_all(walk, words)
                    found[way] = walk.cases
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=HOME)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = []
    for way, cases in measure(given.home).items():
        loads, keys = [case[1] for case in cases], [case[2] for case in cases]
        rows.append({
            "way": way, "cases": len(cases), "loads": statistics.median(loads), "most_loads": max(loads),
            "keys": statistics.median(keys), "most_keys": max(keys),
            "holds": statistics.median(loads) <= MOST_LOADS and statistics.median(keys) <= MOST_KEYS,
        })  # fmt: skip
    if given.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(
            f"{row['way']}: {row['cases']} cases, a median case {row['loads']:g} page loads and {row['keys']:g} "
            f"keystrokes (at most {row['most_loads']} and {row['most_keys']}) "
            f"[bar: {MOST_LOADS} and {MOST_KEYS}, words apart: {'holds' if row['holds'] else 'missed'}]"
        )


if __name__ == "__main__":
    main()
