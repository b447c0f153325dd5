"""`flask switches …`: it stands here because two of the switches belong to a petition."""

from __future__ import annotations

import click
from flask import Flask

from petition_app import maintenance
from petition_app.cli.base import ErrorReportingGroup
from petition_app.clock import utcnow
from petition_app.petitions import services
from petition_app.petitions.banner import set_banner
from petition_app.storage.db import transaction

group = ErrorReportingGroup("switches", help="Pause mail or signing, make everything read-only, put up a notice.")
ON_OFF = click.Choice(("on", "off"))


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(group)


@group.command("show")
def show() -> None:
    """Show every switch."""
    with transaction(saving=False):
        on = maintenance.list_on()
        for words, name in (("pause-mail", maintenance.MAIL), ("read-only", maintenance.READ_ONLY)):
            click.echo(f"{words}: {'on since ' + on[name].isoformat(timespec='minutes') if name in on else 'off'}")
        for petition in services.list_all():
            click.echo(f"pause-signing {petition.slug}: {'on' if petition.state == 'paused' else 'off'}")
            for language, text in (petition.banner or {}).items():
                click.echo(f"banner {petition.slug} {language}: {text}")


@group.command("pause-mail")
@click.argument("to", type=ON_OFF)
def pause_mail(to: str) -> None:
    """Keep all messages waiting, or let them go."""
    _turn(maintenance.MAIL, to)


@group.command("read-only")
@click.argument("to", type=ON_OFF)
def read_only(to: str) -> None:
    """Refuse every change over the web and by the worker, or take changes again."""
    _turn(maintenance.READ_ONLY, to)


@group.command("pause-signing")
@click.argument("slug")
@click.argument("to", type=ON_OFF)
def pause_signing(slug: str, to: str) -> None:
    """Take no signatures for a petition for a while, or take them again."""
    with transaction():
        petition, state = services.get_by_slug(slug), "paused" if to == "on" else "open"
        if petition.state != state:
            services.change_state(petition, state, by=None, at=utcnow())
    click.echo(f"pause-signing {slug}: {to}")


@group.command("banner")
@click.argument("slug")
@click.option("--en", default="", help="The notice in English.")
@click.option("--ru", default="", help="The notice in Russian.")
@click.option("--off", is_flag=True, help="Take the notice away.")
def banner(slug: str, en: str, ru: str, off: bool) -> None:
    """Put a notice on a petition's public pages, or take it away."""
    texts = None if off else {"en": en.strip(), "ru": ru.strip()}
    with transaction():
        set_banner(services.get_by_slug(slug), texts, by=None, at=utcnow())
    click.echo(f"banner {slug}: {'off' if off else 'on'}")


def _turn(name: str, to: str) -> None:
    with transaction():
        maintenance.turn(name, on=to == "on", by=None, at=utcnow())
    click.echo(f"{name.replace('_', '-')}: {to}")
