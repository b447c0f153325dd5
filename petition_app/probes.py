"""What an operator's monitor asks: is the process up, can it reach its database, does a worker live."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, jsonify

from petition_app import jobs
from petition_app.clock import utcnow
from petition_app.db import is_reachable

public = Blueprint("probes", __name__)

SILENCE = timedelta(seconds=30)


@public.get("/healthz")
def healthz() -> Response:
    """Say that the process is up."""
    return jsonify(up=True)


@public.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether the database answers and a worker was seen in the last half minute; 503 if not."""
    database = is_reachable()
    seen = jobs.last_beat() if database else None
    worker = seen is not None and utcnow() - seen < SILENCE
    return jsonify(database=database, worker=worker), 200 if database and worker else 503
