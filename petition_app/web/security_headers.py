"""The security headers of every answer: for pages that stand alone, and for those that other sites may frame."""

from __future__ import annotations

from flask import Response, g, request

from petition_app.web.language import current_language

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation",
        "gyroscope", "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock",
        "usb", "xr-spatial-tracking",
    )
)  # fmt: skip


def _policy(ancestors: str, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (
        ("Content-Security-Policy", CONTENT_POLICY.format(ancestors=ancestors)),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", PERMISSIONS),
        ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
        ("Cache-Control", "no-store"),
        *more,
    )


ALONE, FRAMED = _policy("'none'", ("X-Frame-Options", "DENY")), _policy("*")


def add_headers(response: Response) -> Response:
    """Put the security headers on every answer; a view may have set a narrower or wider one of its own."""
    policy = FRAMED if getattr(g, "may_be_framed", False) else ALONE
    headers = response.headers
    there = {name.lower() for name, _ in headers}
    headers.extend((name, value) for name, value in policy if name.lower() not in there)
    if response.mimetype == "text/html":
        headers["Content-Language"] = current_language()
    if request.endpoint and not request.endpoint.endswith("static") and "lang" not in request.args:
        response.vary.add("Accept-Language")
    return response
