"""The pages of help: for organizers, from the first day to the hand-over, and for whoever works at the desk."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, g, render_template, request
from flask_babel import get_locale

from petition_app import config
from petition_app.i18n import DEFAULT_LANGUAGE
from petition_app.petitions.first_petition import may_begin
from petition_app.petitions.rules import render_text
from petition_app.petitions.services import list_for_staff

staff = Blueprint("help", __name__)

GUIDES = ("organizers", "reviewers")


@staff.get("/help")
def show() -> str:
    """Show a guide that stands in `docs/`, in the reader's language: the one that was asked for, else by role."""
    wanted = request.args.get("guide", "")
    if wanted not in GUIDES:
        organizes = any(role == "organizer" for _, role in list_for_staff(by=g.account))
        wanted = "organizers" if organizes or may_begin(g.account) else "reviewers"
    title, guide = _guide(wanted, str(get_locale()))
    return render_template("staff/help.html", title=title, guide=guide, shown=wanted)


@cache
def _guide(wanted: str, language: str) -> tuple[str, str]:
    name = f"{wanted}.md" if language == DEFAULT_LANGUAGE else f"{wanted}.{language}.md"
    title, _, text = (config.DOCS / name).read_text(encoding="utf-8").partition("\n")
    return title.removeprefix("# "), render_text(text)
