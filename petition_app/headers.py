"""The security headers of every answer: for pages that stand alone, and for those that other sites may frame."""

from __future__ import annotations

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
