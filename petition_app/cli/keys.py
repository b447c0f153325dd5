"""`flask keys …`: the server's key ring, members' own keys, and the keys of sealed petitions."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click
from flask import Flask

from petition_app.accounts.models import Account
from petition_app.accounts.services import NoAccountError, find_account
from petition_app.cli.base import ErrorReportingGroup
from petition_app.clock import utcnow
from petition_app.config import new_key_ring
from petition_app.crypto import vault
from petition_app.keys import leaving, member_keys, services, unlocking
from petition_app.keys.open_keys import OpenKeys
from petition_app.petitions.services import get_by_slug
from petition_app.retention import key_rotation
from petition_app.storage.db import transaction

group = ErrorReportingGroup("keys", help="Keys: of the server, of members, of sealed petitions.")
PASSPHRASE = click.option("--passphrase-stdin", "piped", is_flag=True, help="Read passphrases from standard input.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(group)


@group.command("new")
@click.option("--id", "key_id", default="k1", show_default=True, help="The new key's name.")
def new(key_id: str) -> None:
    """Print a new key for KEY_RING."""
    click.echo(new_key_ring(key_id))


@group.command("rotate")
def rotate() -> None:
    """Put everything under the newest key of the ring, so that the older ones can be removed."""
    rotation, more = key_rotation.Rotation(), True
    while more:
        with transaction():
            more = rotation.step(at=utcnow())
        click.echo(f"\r{rotation.moved} rewrapped", nl=False, err=True)
    with transaction(saving=False):
        ring, found = vault.key_ring(), key_rotation.count_by_key()
        key_rotation.require_whole_ring()
    click.echo(f"\n{rotation.moved} things are under {ring.newest} now")
    for table, number in sorted(rotation.damaged.items()):
        click.echo(f"{number} rows of {table} do not open with their key: they are damaged, and left as they are")
    for key_id in ring.keys:
        if key_id != ring.newest:
            click.echo(_may_go(key_id, found.get(key_id)))


def _may_go(key_id: str, tables: Mapping[str, int] | None) -> str:
    if tables:
        left = ", ".join(f"{number} in {table}" for table, number in sorted(tables.items()))
        again = "restart what runs with the older ring, then run this again"
        return f"{key_id} must stay in KEY_RING: {left} still lie under it; {again}"
    return f"{key_id} may leave KEY_RING now; keep a copy for as long as you keep backups that were made before today"


@group.command("own")
@click.argument("email")
@PASSPHRASE
def own_(email: str, piped: bool) -> None:
    """Make EMAIL's own key under a passphrase."""
    passphrase = _read("New passphrase", piped, twice=True)
    with transaction():
        member_keys.make_account_key(_account(email), passphrase, at=utcnow())
    click.echo(f"{email} has a key")


@group.command("passphrase")
@click.argument("email")
@PASSPHRASE
def passphrase_(email: str, piped: bool) -> None:
    """Put EMAIL's own key under a new passphrase."""
    old, fresh = _read("Passphrase now", piped), _read("New passphrase", piped, twice=True)
    with transaction():
        member_keys.change_passphrase(_account(email), old, fresh, at=utcnow())
    click.echo(f"{email} has a new passphrase")


@group.command("make")
@click.argument("slug")
@click.option("--language", type=click.Choice(("en", "ru")), default="en", help="Language of the words.")
def make(slug: str, language: str) -> None:
    """Make the keys of a sealed petition and print the 24 words of its sheet, which are kept nowhere."""
    with transaction():
        words = services.make_petition_keys(get_by_slug(slug).id, by=None, at=utcnow(), language=language)
    click.echo("Write these words down now; they are shown once:", err=True)
    click.echo(words)


@group.command("show")
@click.argument("slug")
def show(slug: str) -> None:
    """Show who holds the keys of a petition."""
    with transaction(saving=False):
        petition = get_by_slug(slug)
        key = services.newest(petition.id)
        click.echo(f"mode: {petition.mode}; key: {key.number if key else 'none'}")
        for holder in services.list_holders(petition.id):
            state = "holds the keys" if holder.holds else "has a key of their own" if holder.has_key else "has no key"
            click.echo(f"  {holder.account.email} ({holder.role}): {state}")


@group.command("grant")
@click.argument("slug")
@click.argument("email")
@click.option("--as", "holder", required=True, help="The colleague who holds the keys and grants them.")
@PASSPHRASE
def grant(slug: str, email: str, holder: str, piped: bool) -> None:
    """Hand the keys of a petition to EMAIL."""
    passphrase = _read(f"Passphrase of {holder}", piped)
    with transaction():
        petition, by = get_by_slug(slug), _account(holder)
        opened = _open(by, slug, passphrase)
        if opened:
            services.grant(_account(email).id, petition.id, opened, by=by, at=utcnow())
    click.echo(f"{email} holds the keys of {slug}")


@group.command("take")
@click.argument("slug")
@click.argument("email")
def take(slug: str, email: str) -> None:
    """Take the keys of a petition from EMAIL, alone, as the operator (the trail tells it); then renew them."""
    with transaction():
        leaving.take_as_operator(_account(email).id, get_by_slug(slug).id, at=utcnow())
    click.echo(f"{email} does not hold the keys of {slug} any more. Now run `flask keys renew {slug}`.")


@group.command("renew")
@click.argument("slug")
@click.option("--as", "holder", required=True, help="The organizer who holds the keys.")
@PASSPHRASE
def renew(slug: str, holder: str, piped: bool) -> None:
    """Make a new key for what comes later."""
    passphrase = _read(f"Passphrase of {holder}", piped)
    with transaction():
        petition, by = get_by_slug(slug), _account(holder)
        if opened := _open(by, slug, passphrase):
            services.rotate(petition.id, opened, by=by, at=utcnow())
        unlocking.lock_others(petition.id, by=by)
    click.echo("a new key seals what comes from now on")


@group.command("recover")
@click.argument("slug")
@click.argument("email")
@PASSPHRASE
def recover(slug: str, email: str, piped: bool) -> None:
    """Hand the keys of a petition to the organizer EMAIL, with the words of the printed sheet."""
    words = _read("The 24 words", piped)
    with transaction():
        services.recover(get_by_slug(slug).id, words, by=_account(email), at=utcnow())
    click.echo(f"{email} holds the keys of {slug}")


def _account(email: str) -> Account:
    account = find_account(email)
    if account is None:
        raise NoAccountError
    return account


def _open(account: Account, slug: str, passphrase: str) -> OpenKeys | None:
    """Open a petition's keys for the length of one command; nothing under duress, which must look like success."""
    try:
        return unlocking.open_once(account, get_by_slug(slug).id, passphrase, at=utcnow())
    except unlocking.UnderDuressError:
        return None


def _read(words: str, piped: bool, *, twice: bool = False) -> str:
    if piped:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt(words, hide_input=True, confirmation_prompt=twice))
