"""The page of help: what organizers do on the first day, at the first batch, at a correction, at the hand-over."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, render_template
from flask_babel import get_locale

from petition_app import config
from petition_app.i18n import DEFAULT_LANGUAGE
from petition_app.petitions.rules import render_text

staff = Blueprint("help", __name__)


@staff.get("/help")
def show() -> str:
    """Show the guide that stands in `docs/`, in the reader's language."""
    title, guide = _guide(str(get_locale()))
    return render_template("petitions/help.html", title=title, guide=guide)


@cache
def _guide(language: str) -> tuple[str, str]:
    name = "organizers.md" if language == DEFAULT_LANGUAGE else f"organizers.{language}.md"
    title, _, text = (config.DOCS / name).read_text(encoding="utf-8").partition("\n")
    return title.removeprefix("# "), render_text(text)
