"""Adds every command to the application."""

from __future__ import annotations

from flask import Flask

from petition_app.cli import (
    accounts,
    backup,
    demo,
    doctor,
    drill,
    duplicates,
    estimates,
    imports,
    keys,
    local_desk,
    mail,
    matching,
    petitions,
    retention,
    roster,
    switches,
    tally,
    worker,
)
from petition_app.local_desk.running import MakeApp

GROUPS = (
    accounts,
    petitions,
    switches,
    roster,
    mail,
    imports,
    matching,
    estimates,
    duplicates,
    retention,
    keys,
    tally,
    worker,
    demo,
    drill,
    backup,
    doctor,
)


def init_app(app: Flask, make_app: MakeApp) -> None:
    """Add the commands; a local desk makes an application of its own with `make_app`."""
    for group in GROUPS:
        group.init_app(app)
    local_desk.init_app(app, make_app)
