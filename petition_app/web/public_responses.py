"""What the public pages answer with: the numbers as last published, and how long caches may keep them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, jsonify, make_response, request
from flask_babel import gettext

from petition_app.petitions.models import Petition
from petition_app.tally import services
from petition_app.tally.rules import Tally
from petition_app.verification.batches.services import list_batches

FRESH = "public, max-age=1, stale-while-revalidate=2, stale-if-error=600"


def release(petition: Petition) -> dict[str, Any]:
    """Return what was published last: `petition`, `tally` with titles in the reader's language, and the rest."""
    published = services.get_publication(petition)
    if published is None:
        nothing = Tally(petition.slug, petition.goal, 0).as_json(as_of=petition.created_at, public=True)
        return {
            "petition": petition,
            "tally": nothing,
            "as_of": petition.created_at,
            "named": {},
            "speed": None,
            "kept": None,
        }
    batches = [{**batch, "title": _batch_title(batch["number"])} for batch in published.tally["batches"]]
    tally = {**published.tally, "batches": batches}
    return {
        "petition": petition,
        "tally": tally,
        "as_of": published.as_of,
        "named": published.named,
        "speed": published.speed,
        "kept": published.samples,
    }


def _batch_title(number: int) -> str:
    return str(gettext("Batch %(number)s", number=number) if number else gettext("Initial signatories"))


def by_id(petition: Petition, tally: dict[str, Any]) -> dict[UUID, dict[str, Any]]:
    """Return the published numbers of each batch by its id, as the entries of the timeline name it."""
    published = {batch["number"]: batch for batch in tally["batches"]}
    return {batch.id: published[batch.number] for batch in list_batches(petition.id) if batch.number in published}


def data(content: dict[str, Any]) -> Response:
    """Answer with JSON that any site may read."""
    response = fresh(jsonify(content))
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def image(svg: str) -> Response:
    """Answer with an image that any site may show."""
    response = fresh(svg, mimetype="image/svg+xml")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def names(body: Any) -> Response:
    """Answer with a page that shows names: caches as for any, and archives never, since a name may go again."""
    return noarchive(fresh(body))


def noarchive(response: Response) -> Response:
    """Ask search engines and archives to keep no copy of an answer."""
    response.headers["X-Robots-Tag"] = "noarchive"
    return response


def fresh(body: Any, *, mimetype: str | None = None) -> Response:
    """Answer with what caches may keep for a moment, and an ETag that says whether it has changed."""
    response = make_response(body)
    if mimetype:
        response.content_type = f"{mimetype}; charset=utf-8"
    response.headers["Cache-Control"] = FRESH
    response.add_etag()
    response.make_conditional(request)
    return response
