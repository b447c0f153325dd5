"""What to think of before a petition opens: few holders, mailboxes that others may read, places with few people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from petition_app.accounts.models import Account
from petition_app.accounts.services import list_members
from petition_app.keys.services import list_holders
from petition_app.mailer.addresses import domain_key
from petition_app.petitions.models import Petition
from petition_app.roster import services

FEW = 5
# Mailboxes that people have for themselves; any other may be an employer's.
PRIVATE = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
    "proton.me", "protonmail.com", "pm.me", "tuta.com", "tutanota.com", "tuta.io", "gmx.de", "gmx.net", "web.de",
    "posteo.de", "mailbox.org", "riseup.net", "fastmail.com", "yandex.ru", "ya.ru", "mail.ru", "bk.ru", "list.ru",
    "inbox.ru", "rambler.ru", "ukr.net",
})  # fmt: skip


@dataclass(frozen=True)
class Warnings:
    """Numbers only. `holders` is empty where there are no keys to hold."""

    organizers: int
    holders: int | None
    staff_mailboxes: int
    contacts: int
    small_places: int

    @property
    def any(self) -> bool:
        """Whether there is anything to think of."""
        few = self.organizers < 2 or (self.holders is not None and self.holders < 2)
        return few or bool(self.staff_mailboxes or self.contacts or self.small_places)


def find_warnings(petition: Petition, *, by: Account) -> Warnings:
    """Count what may endanger the people of a petition, as it stands now. Raises: NotFoundError."""
    members = list_members(petition.id, by=by)
    version = services.current(petition.id)
    entries = list(services.iter_entries(version.id)) if version else []
    places = Counter(entry.body or entry.place for entry in entries if entry.body or entry.place)
    return Warnings(
        organizers=sum(member.role == "organizer" for member in members),
        holders=sum(holder.holds for holder in list_holders(petition.id)) if petition.is_sealed else None,
        staff_mailboxes=sum(_may_be_read(member.account.email) for member in members),
        contacts=sum(_may_be_read(entry.contact) for entry in entries if not entry.contact_safe),
        small_places=sum(number < FEW for number in places.values()),
    )


def _may_be_read(address: str) -> bool:
    _, at, domain = address.rpartition("@")
    return bool(at) and domain_key(domain) not in PRIVATE
