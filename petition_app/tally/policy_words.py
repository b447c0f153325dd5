"""What a change of the rules of checking says in words, in every language: before and after, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from petition_app.i18n import LANGUAGES, N_, translations
from petition_app.petitions.policy_rules import Policy

RAISED = N_("The rules of checking were tightened: %(changes)s. They hold for every signature that is not decided yet.")
LOWERED = N_(
    "The rules of checking were relaxed, as two organizers agreed: %(changes)s. They hold for later batches; whoever "
    "had signed before is checked by no less than the rules of then."
)
FIELDS = {
    "reviewers": N_("reviewers who must agree: %(after)s (before: %(before)s)"),
    "roster": N_("checked against a list of the people who may sign: %(after)s (before: %(before)s)"),
    "match_rule": N_("a match on that list that is enough: %(after)s (before: %(before)s)"),
    "evidence_rule": N_("evidence that it is this person: %(after)s (before: %(before)s)"),
    "evidence_kinds": N_("kinds of evidence: %(after)s (before: %(before)s)"),
}
VALUES: dict[str, dict[Any, str]] = {
    "roster": {True: N_("yes"), False: N_("no")},
    "match_rule": {"strong": N_("a strong one"), "possible": N_("a possible one"), "any": N_("the reviewer's choice")},
    "evidence_rule": {
        0: N_("none"),
        1: N_("one piece, however weak"),
        2: N_("one piece that is hard to make for somebody else"),
        3: N_("one piece that only this person could have given"),
    },
    "evidence_kinds": {
        "official_contact": N_("reply from the contact on the official record"),
        "public_profile": N_("public profile that links back"),
        "known_account": N_("post from an account known to be theirs"),
        "live_call": N_("live call"),
        "in_person": N_("in person"),
        "vouched": N_("vouched for"),
        "document": N_("document shown"),
    },
}
ANY = N_("any")


def list_changes(changes: Mapping[str, Mapping[str, Any]], language: str) -> list[str]:
    """Return what is different, one phrase a field, in one language; `changes` are policies "from" and "to"."""
    speak = translations(language).ugettext
    before, after = Policy.read(changes["from"]), Policy.read(changes["to"])
    return [
        speak(FIELDS[name]) % {"before": _value(name, old, speak), "after": _value(name, new, speak)}
        for name, (old, new) in before.changes_to(after).items()
    ]


def write_changes(changes: Mapping[str, Mapping[str, Any]], *, lowered: bool) -> dict[str, str]:
    """Write what the timeline tells of a change: {"en": …, "ru": …}."""
    return {
        language: translations(language).ugettext(LOWERED if lowered else RAISED)
        % {"changes": "; ".join(list_changes(changes, language))}
        for language in LANGUAGES
    }


def _value(name: str, value: Any, speak: Any) -> str:
    if name == "evidence_kinds":
        return ", ".join(speak(VALUES[name][kind]) for kind in value) or str(speak(ANY))
    return str(speak(VALUES[name][value]) if name in VALUES else value)
