"""A rehearsal: a letter with a few of the invented people of the founding day, to be sealed, checked and corrected."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from petition_app.accounts.models import Account
from petition_app.i18n import LANGUAGES, N_, text_in_each_language
from petition_app.imports import admission
from petition_app.imports import services as imports
from petition_app.petitions import rehearsing
from petition_app.petitions import services as petitions
from petition_app.petitions.models import Petition
from petition_app.petitions.toml_reader import read_petition
from petition_app.signatures.file_reader import Row, open_table

FOLDER = Path(__file__).parent
INITIAL, RECEIVED = 4, 12
TITLE = N_("Rehearsal: %(title)s")


def begin(*, by: Account, at: datetime) -> Petition:
    """Make a rehearsal with initial signatories to be checked and others to be sealed, or return the one there is.

    One person suffices to check: who practises is mostly alone.
    """
    if own := rehearsing.get_own(by):
        return own
    new = read_petition(FOLDER / "petition.toml")
    titles = {code: text_in_each_language(TITLE, title=new.titles[code])[code] for code in LANGUAGES}
    new = replace(
        new, slug=f"rehearsal-{secrets.token_hex(4)}", titles=titles, mail="none", roster=False, reviewers=1,
        evidence_rule=0, goal=None,
    )  # fmt: skip
    petition = petitions.create(new, by=by, at=at)
    rehearsing.declare(petition)
    petitions.change_state(petition, "open", by=by, at=at)
    for name, number, initial in (("initial.csv", INITIAL, True), ("batch1.csv", RECEIVED, False)):
        rows = [
            replace(row, ref="", email="")
            for row in open_table(FOLDER / name, allow_consent=True).rows()
            if isinstance(row, Row)
        ]
        job = imports.begin(petition, sha256=name.encode().ljust(32), initial=initial, at=at)
        imports.stage(job, rows[:number], consent_held="Invented people of a rehearsal.", codes=False)
        admission.admit_import(job.id, by=by, at=at)
    return petition
