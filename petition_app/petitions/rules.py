"""Rules of petitions: the fingerprint of a text, and Markdown made safe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from html import escape

import nh3
from markdown_it import MarkdownIt

EVIDENCE_KINDS = (
    "official_contact", "public_profile", "known_account", "live_call", "in_person", "vouched", "document",
)  # fmt: skip
_markdown = MarkdownIt("commonmark", {"html": False, "typographer": False})
_TAGS = {"p", "br", "em", "strong", "blockquote", "ul", "ol", "li", "h2", "h3", "h4", "a", "hr", "code", "pre"}
TEXT_LENGTH = 100_000
MOST_MARKS = {"[": 1000, "*_": 6000, "<&`\\": 6000}  # Of which each may have to be tried with each other.


def text_hash(titles: Mapping[str, str], texts: Mapping[str, str]) -> bytes:
    """Return SHA-256 of a text version: its titles and texts as canonical JSON (sorted keys, UTF-8, no spaces)."""
    canonical = json.dumps(
        {"texts": dict(texts), "titles": dict(titles)}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).digest()


@lru_cache(maxsize=64)
def render_text(markdown: str) -> str:
    """Return CommonMark as HTML without raw HTML, images, scripts or styles; headings begin at h2.

    It is rendered once and kept. A text with so many marks that it would take seconds is shown as it was typed.
    """
    if any(sum(map(markdown.count, marks)) > most for marks, most in MOST_MARKS.items()):
        return f"<pre>{escape(markdown)}</pre>"
    html = _markdown.render(markdown).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
