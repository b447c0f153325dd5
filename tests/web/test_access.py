"""What holds on every route: who may, what may change, which headers, no cookie in public."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import pytest

from petition_app.accounts import services as accounts
from petition_app.config import Settings
from petition_app.web import access
from tests import dumps
from tests import factories as make
from tests.conftest import start_app, stop_app

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}
# Pages of one import, which the walk below has not made.
IMPORT = ("imports.show", "imports.bad_rows", "imports.ask_undo")
# Posts that are tested in their own place.
OF_THEIR_OWN = ("account.", "people.", "invitation_lists.", "bulk.", "second_looks.", "claims.", "imports.")
OF_THEIR_OWN += ("desk.undo",)
# What this world has nothing for: such a case or act, and a letter that nobody has seen.
ELSEWHERE = ("desk.case", "bulk.show", "bulk.ask_undo", "drafting.summary", "drafting.show")
CROSS_ORIGIN = ("numbers.badge", "numbers.chart", "numbers.status")


def paths(app: Any, **values: Any) -> list[tuple[str, set[str], str]]:
    """Return every route as (endpoint, methods, a path that exists where one can)."""
    found = []
    given = {
        "slug": make.SLUG,
        "filename": "countersign.css",
        "step": "pause",
        "part": "letter",
        "kind": "handed_over",
    } | values
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            arguments = {name: given.get(name, uuid4()) for name in rule.arguments}
            if rule.endpoint == "security.static":
                arguments["filename"] = "none.js"
            if rule.endpoint == "bootstrap.static":
                arguments["filename"] = "css/bootstrap.min.css"
            found.append((rule.endpoint, set(rule.methods or ()), app.url_for(rule.endpoint, **arguments)))
    return found


def full_world(app: Any) -> tuple[make.World, make.Signed]:
    """Make a world in which every page has something to show."""
    world = make.make_world(app)
    make.import_rows(app, world.petition_id, "Ada Sample", initial=True)
    verified = make.make_verified(app, world, "Ben Sample")
    make.make_signature(app, world.petition_id)
    make.submit(app, world.petition_id)
    return world, verified


# --- who may ----------------------------------------------------------------------------------------------------


def test_every_staff_route_is_in_the_table_and_the_table_holds_nothing_else(app: Any) -> None:
    staff = {
        rule.endpoint.removeprefix("staff.") for rule in app.url_map.iter_rules() if rule.endpoint.startswith("staff.")
    }
    assert staff == set(access.ROLES) | access.SIGNED_IN | access.OPEN
    assert not (set(access.ROLES) | access.SIGNED_IN) & access.OPEN
    assert not set(access.ROLES) & access.SIGNED_IN
    for rule in app.url_map.iter_rules():
        under = rule.rule.startswith("/organizer")
        assert under == rule.endpoint.startswith(("staff.", "security.")), rule.rule


def test_a_stranger_is_sent_to_sign_in_and_changes_nothing(app: Any) -> None:
    full_world(app)
    before = dumps.tables(app)
    client = app.test_client()
    for endpoint, methods, path in paths(app):
        if not endpoint.startswith("staff.") or endpoint.removeprefix("staff.") in access.OPEN:
            continue
        method = "POST" if "POST" in methods else "GET"
        answer = client.open(path, method=method, buffered=True)
        assert answer.status_code == 302, (endpoint, answer.status_code)
        assert answer.headers["Location"].startswith("/organizer/login"), endpoint
    assert dumps.tables(app) == before


@pytest.mark.parametrize("role", ["organizer", "reviewer", "auditor", "elsewhere", "removed"])
def test_each_role_gets_what_the_table_says_and_a_404_for_the_rest(app: Any, role: str) -> None:
    world, verified = full_world(app)
    other = make.make_world(app, "other-letter")
    person = {
        "organizer": world.organizer,
        "reviewer": world.reviewers[0],
        "auditor": world.auditor,
        "elsewhere": other.organizer,
        "removed": make.make_person(app, world.petition_id, "organizer"),
    }[role]
    if role == "removed":
        with make.acting(app):
            member = accounts.find_member(person.email, petition_id=world.petition_id)
            accounts.remove_member(member.id, petition_id=world.petition_id, by=None, at=make.utcnow())
    client = make.signed_in(app, person)
    token = make.csrf_token(client, "/organizer/password")
    allowed, before = [], dumps.tables(app)
    for endpoint, methods, path in paths(app, signature_id=verified.id):
        name = endpoint.removeprefix("staff.")
        if not endpoint.startswith("staff.") or name in access.SIGNED_IN | access.OPEN:
            continue
        if role in access.ROLES[name]:
            allowed.append((name, methods, path))
            continue
        method = "POST" if "POST" in methods else "GET"
        answer = client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
        assert answer.status_code == 404, (endpoint, answer.status_code)
    assert dumps.tables(app) == before, "what was refused has changed something"
    for name, methods, path in allowed:
        if "GET" in methods and name not in (*ELSEWHERE, *IMPORT):
            assert client.get(path).status_code == 200, name
        elif "POST" in methods and not name.startswith((*OF_THEIR_OWN, "mail.")):
            # An empty form: refused or carried out, but there. Members and lists are tested in their own place.
            answer = client.post(path, data={"csrf_token": token, "retraction": "entered_in_error"})
            assert answer.status_code in (200, 303, 409, 422), (name, answer.status_code)


@pytest.mark.parametrize("role", ["reviewer", "auditor"])
def test_who_organizes_nothing_drafts_nothing(app: Any, role: str) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.reviewers[0] if role == "reviewer" else world.auditor)
    assert client.get("/organizer/petitions/new").status_code == 404
    token = make.csrf_token(client, "/organizer/password")
    assert client.post("/organizer/petitions/new", data={"csrf_token": token}).status_code == 404


def test_a_staff_form_without_its_token_is_refused(app: Any) -> None:
    world, verified = full_world(app)
    client = make.signed_in(app, world.organizer)
    before = dumps.tables(app)
    for endpoint, methods, path in paths(app, signature_id=verified.id):
        if "POST" not in methods or not endpoint.startswith(("staff.", "security.")):
            continue
        for data in ({}, {"csrf_token": "forged"}):
            answer = client.post(path, data=data)
            assert answer.status_code == 400, (endpoint, answer.status_code)
    assert dumps.tables(app) == before


def test_a_form_from_another_site_is_refused_everywhere(app: Any) -> None:
    world, _ = full_world(app)
    client = make.signed_in(app, world.organizer)
    token = make.csrf_token(client, "/organizer/password")
    before = dumps.tables(app)
    for endpoint, methods, path in paths(app):
        if "POST" in methods:
            answer = client.post(path, data={"csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403, (endpoint, answer.status_code)
    assert dumps.tables(app) == before


# --- what may change ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["stranger", "organizer", "reviewer"])
def test_looking_changes_no_row(app: Any, who: str) -> None:
    world, verified = full_world(app)
    case = None
    if who == "stranger":
        client = app.test_client()
    else:
        client = make.signed_in(app, world.organizer if who == "organizer" else world.reviewers[0])
        case = make.take(app, world.petition_id, world.organizer if who == "organizer" else world.reviewers[0])
    before = dumps.tables(app)
    for _, methods, path in paths(app, signature_id=case or verified.id):
        for method in methods & {"GET", "HEAD", "OPTIONS"}:
            answer = client.open(path, method=method, buffered=True)
            assert answer.status_code != 500, (method, path)
    after = dumps.tables(app)
    assert [name for name in before if before[name] != after[name]] == []


# --- headers ------------------------------------------------------------------------------------------------------


def check_headers(endpoint: str, answer: Any) -> None:
    for header, value in HEADERS.items():
        assert answer.headers.get(header) == value, (endpoint, header)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; "), endpoint
    framed = endpoint == "numbers.embed" and answer.status_code == 200
    assert ("frame-ancestors *" in policy) == framed, endpoint
    assert answer.headers.getlist("X-Frame-Options") == ([] if framed else ["DENY"]), endpoint
    wide = endpoint in CROSS_ORIGIN and answer.status_code == 200
    assert answer.headers["Cross-Origin-Resource-Policy"] == ("cross-origin" if wide else "same-origin"), endpoint
    assert "camera=()" in answer.headers["Permissions-Policy"], endpoint
    assert answer.headers["Cache-Control"], endpoint


def test_every_answer_carries_the_security_headers(app: Any) -> None:
    world, verified = full_world(app)
    browsers = {"stranger": app.test_client(), "organizer": make.signed_in(app, world.organizer)}
    for who, client in browsers.items():
        for endpoint, methods, path in paths(app, signature_id=verified.id):
            for method in ("GET", "POST", "DELETE"):
                answer = client.open(path, method=method, buffered=True)
                check_headers(endpoint if method in methods else "error", answer)
                if who == "organizer" and endpoint.startswith(("staff.", "security.log")):
                    assert "no-store" in answer.headers["Cache-Control"], endpoint


def test_no_archive_may_keep_a_page_that_shows_names(app: Any, client: Any) -> None:
    """A name may go again; `noarchive` stands on every page with one, whoever finds it, and on no other."""
    world, _ = full_world(app)
    make.make_verified(app, world, "Canarina Sample", place="Canary Hill")
    make.publish_waiting(app)
    named = set()
    for endpoint, methods, path in paths(app):
        for method in methods & {"GET", "POST"}:
            answer = client.open(
                path, method=method, data={"q": "Canarina"} if method == "POST" else None, buffered=True
            )
            if answer.status_code == 200:
                shows = b"Canarina Sample" in answer.data
                assert answer.headers.getlist("X-Robots-Tag") == (["noarchive"] if shows else []), endpoint
                named |= {endpoint} if shows else set()
    assert named == {"letter.show", "letter.signatories", "reading.print_letter", "reading.search"}


def test_error_pages_carry_the_security_headers_and_no_detail(app: Any, client: Any) -> None:
    make.make_petition(app)
    app.view_functions["letter.home"] = lambda: 1 / 0
    for path, method, status in (
        ("/nothing-here", "GET", 404), ("/p/no-such-letter", "GET", 404), ("/my", "DELETE", 405), ("/", "GET", 500),
        (f"/p/{make.SLUG}/sign", "POST", 422), ("/organizer/p/x/../../y", "GET", 404),
    ):  # fmt: skip
        answer = client.open(path, method=method, buffered=True)
        assert answer.status_code == status, path
        check_headers("error", answer)
        assert "ZeroDivision" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    large = client.post("/my", data={"code": "x" * 600_000})
    assert large.status_code == 413
    check_headers("error", large)


def test_public_pages_set_no_cookie_and_do_not_vary_by_one(app: Any) -> None:
    world, _ = full_world(app)
    for client in (app.test_client(), make.signed_in(app, world.organizer)):
        for endpoint, _, path in paths(app):
            if endpoint.startswith(("staff.", "security.")):
                continue
            for method in ("GET", "POST"):
                answer = client.open(path, method=method, buffered=True)
                assert "Set-Cookie" not in answer.headers, endpoint
                assert "cookie" not in answer.headers.get("Vary", "").lower(), endpoint


def test_the_staff_cookie_travels_to_staff_pages_only(app: Any) -> None:
    world = make.make_world(app)
    answer = make.sign_in(app.test_client(), world.organizer)
    (cookie,) = [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("countersign=")]
    for word in ("Path=/organizer", "HttpOnly", "SameSite=Lax"):
        assert word in cookie
    assert world.organizer.email not in cookie


def test_in_production_the_cookie_needs_https(settings: Settings) -> None:
    app = start_app(replace(settings, env="production"))
    assert app.config["SESSION_COOKIE_SECURE"] is True
    stop_app(app)


# --- languages, redirects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "accepted", "answered"),
    [("ru", "en", "ru"), (None, "ru-RU,en;q=0.5", "ru"), (None, "fr", "en"), ("xx", "ru", "ru"), ("en", "ru", "en")],
)
def test_the_language_is_the_one_asked_for_else_the_first_accepted(
    app: Any, client: Any, asked: str | None, accepted: str, answered: str
) -> None:
    make.make_petition(app)
    query = {"lang": asked} if asked else {}
    answer = client.get(f"/p/{make.SLUG}", query_string=query, headers={"Accept-Language": accepted})
    assert answer.headers["Content-Language"] == answered
    assert f'<html lang="{answered}"' in answer.text
    assert ("Accept-Language" in answer.headers.get("Vary", "")) == (asked is None)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.net", "//evil.example.net", "/\\evil.example.net", "/organizer/../../evil", "\\\\evil",
        "/organizer//evil.example.net", "/organizer\\@evil.example.net", "javascript:alert(1)", "/organizer@evil",
        "https:evil.example.net", "/\t/evil.example.net", "///evil.example.net", "/organizer/\r\nSet-Cookie: a=b",
    ],
)  # fmt: skip
def test_signing_in_never_leads_off_the_site(app: Any, target: str) -> None:
    world = make.make_world(app)
    client = app.test_client()
    page = client.get("/organizer/login", query_string={"next": target})
    form = make.form_with(page, "csrf_token", "email")
    for data in (form, form | {"next": target}):
        done = client.post(
            "/organizer/login",
            query_string={"next": target},
            data=data | {"email": world.organizer.email, "password": make.PASSWORD},
        )
        location = done.headers.get("Location", "/")
        # Where a browser would go from here: joined as browsers do, with backslashes read as slashes.
        goes = urlsplit(urljoin("http://localhost/organizer/login", location.replace("\\", "/")))
        assert (goes.scheme, goes.netloc) == ("http", "localhost"), location
        assert "Set-Cookie: a" not in str(done.headers)


# --- status.json ----------------------------------------------------------------------------------------------------


def test_status_json_has_exactly_the_promised_shape(app: Any, client: Any) -> None:
    full_world(app)
    answer = client.get(f"/p/{make.SLUG}/status.json")
    assert answer.mimetype == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["ETag"]
    status = json.loads(answer.text)
    assert set(status) == {
        "petition", "as_of", "goal", "verified", "not_counted", "initial", "received_total", "states", "unconfirmed",
        "corrections", "batches",
    }  # fmt: skip
    assert set(status["states"]) == {
        "received", "checking", "needs_info", "verified", "rejected", "duplicate", "withdrawn", "retracted",
    }  # fmt: skip
    for batch in status["batches"]:
        assert set(batch) == {
            "number", "title", "sealed_at", "state", "received", "verified", "not_counted", "retracted", "checking",
        }  # fmt: skip
        assert batch["received"] == batch["checking"] + batch["verified"] + batch["not_counted"] + batch["retracted"]
    assert status["as_of"].endswith("Z")
    assert (status["verified"], status["received_total"], status["states"]["received"]) == (1, 3, 1)


def test_status_json_hides_kinds_that_are_few(app: Any, client: Any) -> None:
    world = make.make_world(app)
    make.withdraw(app, make.make_signature(app, world.petition_id))
    status = client.get(f"/p/{make.SLUG}/status.json").get_json()
    assert status["not_counted"] == 1
    assert [status["states"][kind] for kind in ("rejected", "duplicate", "withdrawn")] == [None] * 3


def test_an_unchanged_page_is_not_sent_again(app: Any, client: Any) -> None:
    make.make_petition(app)
    for path in ("", "/status.json", "/signatories", "/updates", "/updates.atom", "/history.csv", "/badge.svg"):
        first = client.get(f"/p/{make.SLUG}{path}")
        again = client.get(f"/p/{make.SLUG}{path}", headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304), path


def test_names_stay_in_no_cache_for_longer_than_an_hour(app: Any, client: Any) -> None:
    full_world(app)
    for path in ("", "/signatories"):
        directives = client.get(f"/p/{make.SLUG}{path}").headers["Cache-Control"]
        seconds = [int(part.split("=")[1]) for part in directives.split(",") if "=" in part]
        assert sum(seconds) <= 3600


def test_a_withdrawn_name_leaves_every_page_at_once(app: Any, client: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world, "Canarina Sample", place="Canary Hill")
    assert "Canarina" in client.get(f"/p/{make.SLUG}").text
    make.withdraw(app, signed)
    for endpoint, methods, path in paths(app):
        if "GET" in methods and endpoint.startswith(("letter.", "numbers.")):
            assert "Canar" not in client.get(path).text, endpoint


@pytest.mark.parametrize("attack", ["<script>alert(1)</script>", "{{ 1234*5678 }}", "'\"><img src=x onerror=alert(1)>"])
def test_a_hostile_text_is_shown_as_text(app: Any, client: Any, attack: str) -> None:
    make.make_petition(app, texts={"en": f"Hello {attack}", "ru": attack}, titles={"en": attack, "ru": attack})
    for path in ("/", f"/p/{make.SLUG}", f"/p/{make.SLUG}/sign", f"/p/{make.SLUG}/updates.atom"):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "7006652" not in text


def test_the_probes_answer(app: Any, client: Any) -> None:
    assert client.get("/healthz").get_json() == {"up": True}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"database": True, "worker": False})
    with make.acting(app):
        make.jobs.record_heartbeat(uuid4(), at=make.utcnow())
    assert client.get("/readyz").status_code == 200
