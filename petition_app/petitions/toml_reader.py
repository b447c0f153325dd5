"""Reading a petition from a TOML file."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

from petition_app.errors import DomainError
from petition_app.i18n import LANGUAGES, N_
from petition_app.person_names.tailorings import LANGUAGES as ORDERS
from petition_app.petitions.models import MAIL_RULES, MATCH_RULES, MODES
from petition_app.petitions.rules import EVIDENCE_KINDS
from petition_app.petitions.services import NewPetition

KNOWN = (
    "slug", "title", "text", "addressee", "who_may_sign", "goal", "opens", "closes", "mode", "mail", "roster",
    "reviewers", "match", "evidence", "evidence_kinds", "freeze_after_days", "organizers", "contact", "time_zone",
    "names_order",
)  # fmt: skip


class PetitionFileError(DomainError):
    """The file does not describe a petition."""

    message = N_("The petition file: %(why)s.")


def read_petition(path: Path) -> NewPetition:
    """Read a petition from TOML.

    Raises:
        PetitionFileError: not there, not TOML, an unknown or missing key, or a value of the wrong kind.
    """
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise PetitionFileError(why=str(error.strerror)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PetitionFileError(why=str(error)) from None
    if unknown := [key for key in data if key not in KNOWN]:
        raise PetitionFileError(why=f"there is no key {unknown[0]}")
    return NewPetition(
        slug=_string(data, "slug"),
        titles=_texts(data, "title"),
        texts=_texts(data, "text"),
        addressee=_texts(data, "addressee"),
        who_may_sign=_texts(data, "who_may_sign"),
        goal=_number(data, "goal", 1, 1_000_000_000),
        opens=_day(data, "opens"),
        closes=_day(data, "closes"),
        mode=_choice(data, "mode", MODES),
        mail=_choice(data, "mail", MAIL_RULES),
        roster=_truth(data, "roster"),
        reviewers=_number(data, "reviewers", 1, 3) or 2,
        match_rule=_choice(data, "match", MATCH_RULES) if "match" in data else "possible",
        evidence_rule=_number(data, "evidence", 0, 3) or 0,
        evidence_kinds=_kinds(data, "evidence_kinds"),
        freeze_after=_number(data, "freeze_after_days", 1, 365),
        organizers=_texts(data, "organizers") if "organizers" in data else {},
        contact=_string(data, "contact")[:200] if "contact" in data else "",
        time_zone=_string(data, "time_zone") if "time_zone" in data else "UTC",
        names_order=_choice(data, "names_order", ORDERS) if "names_order" in data else "",
    )


def _string(data: dict[str, Any], key: str) -> str:
    if not isinstance(data.get(key), str) or not data[key].strip():
        raise PetitionFileError(why=f"{key} must be given as text")
    return str(data[key]).strip()


def _texts(data: dict[str, Any], key: str) -> dict[str, str]:
    """Read `key = "…"` (for every language) or `key.en`, `key.ru`."""
    value = data.get(key)
    if isinstance(value, str) and value.strip() and key in ("addressee", "who_may_sign", "organizers"):
        return dict.fromkeys(LANGUAGES, value.strip())
    if not isinstance(value, dict) or not value or not all(isinstance(text, str) for text in value.values()):
        raise PetitionFileError(why=f"{key} must be given as text, by language ({', '.join(LANGUAGES)})")
    if unknown := [language for language in value if language not in LANGUAGES]:
        raise PetitionFileError(why=f"{key}.{unknown[0]}: languages are {', '.join(LANGUAGES)}")
    return {language: text.strip() for language, text in value.items()}


def _number(data: dict[str, Any], key: str, least: int, most: int) -> int | None:
    value = data.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise PetitionFileError(why=f"{key} must be a whole number from {least} to {most}")
    return value


def _day(data: dict[str, Any], key: str) -> date | None:
    value = data.get(key)
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            value = 0
    if isinstance(value, datetime):
        return value.date()
    if value is not None and not isinstance(value, date):
        raise PetitionFileError(why=f"{key} must be a day such as 2026-09-12")
    return value


def _choice(data: dict[str, Any], key: str, choices: tuple[str, ...]) -> str:
    value = data.get(key, choices[0])
    if value not in choices:
        raise PetitionFileError(why=f"{key} must be one of {', '.join(choices)}")
    return str(value)


def _truth(data: dict[str, Any], key: str) -> bool:
    value = data.get(key, False)
    if not isinstance(value, bool):
        raise PetitionFileError(why=f"{key} must be true or false")
    return value


def _kinds(data: dict[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(kind in EVIDENCE_KINDS for kind in value):
        raise PetitionFileError(why=f"{key} must be a list of {', '.join(EVIDENCE_KINDS)}")
    return tuple(value)
