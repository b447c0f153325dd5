"""What the acts that a reviewer's own machine has sent do: each the service that a page of the server calls as well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from petition_app.accounts.models import Account
from petition_app.petitions.models import Petition
from petition_app.verification.cases.desk_results_access import REDACTED, DeskResultsError
from petition_app.verification.decisions import enactment, services
from petition_app.verification.decisions.policy import NewDecision
from petition_app.verification.desk import evidence, leases, one_act, roster_search
from petition_app.verification.desk.evidence import NewEvidence
from petition_app.verification.dialogue import questions
from petition_app.verification.matching_cases import pairs
from petition_app.verification.remote import lending
from petition_app.verification.remote.signed_commands import Act, read_id, read_mark

EVIDENCE = "evidence_"  # Before the arguments of what was found, where it comes with a verdict.


def carry_out(act: Act, *, petition: Petition, by: Account, at: datetime) -> str:
    """Do what an act says and return the state of its signature after it, if that may be told.

    Raises:
        DeskResultsError: there is no such act, or what was handed over does not fit. And whatever its service raises.
    """
    if act.name not in ACTS:
        raise DeskResultsError
    state = ACTS[act.name](act, petition, by, at)
    if act.access.additions:
        raise DeskResultsError
    return state


def _decide(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    told = {name.removeprefix(EVIDENCE): value for name, value in act.args.items() if name.startswith(EVIDENCE)}
    args = {name: value for name, value in act.args.items() if not name.startswith(EVIDENCE)}
    try:
        new = NewDecision(**args | {
            "duplicate_of": UUID(act.args["duplicate_of"]) if act.args.get("duplicate_of") else None,
            "contacted_on": date.fromisoformat(act.args["contacted_on"]) if act.args.get("contacted_on") else None,
            "entry": read_mark(act.args["entry"]) if act.args.get("entry") else None,
            "note": REDACTED if act.args.get("note") else "",
            "grounds": REDACTED if act.args.get("grounds") else "",
        })  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError):
        raise DeskResultsError from None
    found = _evidence(told) if told else None
    return one_act.decide(act.case, new, found, access=act.access, petition=petition, by=by, at=at)


def _ask(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    questions.ask(act.case, REDACTED, access=act.access, petition=petition, by=by, at=at)
    return "needs_info"


def _add_evidence(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    leases.renew(act.case, petition=petition, by=by, at=at)
    evidence.add(act.case, _evidence(act.args), access=act.access, petition=petition, by=by, at=at)
    return ""


def _evidence(args: dict[str, Any]) -> NewEvidence:
    """Read a piece of evidence. Raises: DeskResultsError."""
    try:
        return NewEvidence(
            kind=str(args["kind"]),
            strength=int(args["strength"]),
            on=date.fromisoformat(args["on"]),
            seen=REDACTED if args.get("seen") else "",
            danger=REDACTED if args.get("danger") else "",
            own_word=bool(args.get("own_word")),
        )
    except (ValueError, TypeError, KeyError):
        raise DeskResultsError from None


def _remove_evidence(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    leases.renew(act.case, petition=petition, by=by, at=at)
    evidence.remove(read_id(act.args.get("evidence_id")), act.case, petition=petition, by=by, at=at)
    return ""


def _put_back(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    services.put_back(act.case, petition=petition, by=by, at=at)
    return ""


def _hold(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    leases.renew(act.case, petition=petition, by=by, at=at)
    return ""


def _search_roster(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    number = act.args.get("number")
    if not isinstance(number, int) or number < 0:
        raise DeskResultsError
    leases.renew(act.case, petition=petition, by=by, at=at)
    roster_search.note_search(act.case, number, petition=petition, by=by, at=at)
    return ""


def _match(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    matched, number = act.ids("matched"), act.args.get("number")
    if not isinstance(number, int):
        raise DeskResultsError
    pairs.keep(petition, act.access, matched, number=number, by=by, at=at)
    lending.note_work(petition, by=by, at=at)
    return ""


def _settle(act: Act, petition: Petition, _by: Account, _at: datetime) -> str:
    enactment.enact_waiting(petition, access=act.access)
    return ""


ACTS: dict[str, Callable[[Act, Petition, Account, datetime], str]] = {
    "decide": _decide,
    "ask": _ask,
    "add_evidence": _add_evidence,
    "remove_evidence": _remove_evidence,
    "put_back": _put_back,
    "hold": _hold,
    "search_roster": _search_roster,
    "match": _match,
    "settle": _settle,
}
