"""What an operator's monitor asks: is the process up, can it reach its database, does a worker live; and numbers."""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest

from flask import Blueprint, Response, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from petition_app import config
from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.storage import jobs
from petition_app.storage.db import is_reachable
from petition_app.storage.outages import DatabaseError

public = Blueprint("health", __name__)

SILENCE = timedelta(seconds=30)


@public.get("/healthz")
def healthz() -> Response:
    """Say that the process is up."""
    return jsonify(up=True)


@public.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether the database answers and a worker was seen in the last half minute; 503 if not."""
    database, seen = is_reachable(), None
    try:
        seen = jobs.last_heartbeat() if database else None
    except DatabaseError:  # It has gone away in between, or was never migrated.
        database = False
    worker = seen is not None and utcnow() - seen < SILENCE
    return jsonify(database=database, worker=worker), 200 if database and worker else 503


@public.get("/metrics")
def metrics() -> Response:
    """Return numbers for Prometheus to whoever has the token of `METRICS_TOKEN`; for others there is nothing here."""
    token, given = config.current().metrics_token, request.headers.get("Authorization", "")
    if not token or not compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise NotFoundError
    return Response(current_app.extensions["meter"].read(at=utcnow()), content_type=CONTENT_TYPE_LATEST)
