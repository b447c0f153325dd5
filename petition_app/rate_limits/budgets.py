"""How much one stranger can cause within an hour: messages to an address and to a domain, signatures of a client.

Nothing is kept but counts, in the memory of this process or of the store that many share, under names that are HMACs
with a random key of the hour. No answer tells whether a message went out.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from petition_app import config
from petition_app.network import group_of
from petition_app.rate_limits.counters import Try, limits

MISSES = 10  # Unknown words and pages that one client may send within an hour.
MANY = 100  # For how many whoever asks from the machine itself may stand, such as an onion service.
# Of one client: codes without their page, messages asked for again, claims not to have signed.
CLIENT_TRIES, CLIENT_AGAIN, CLIENT_CLAIMS = "5 per hour", "3 per hour", "5 per hour"
# Domains so large that a flood of messages harms none of them, and that a letter may well fill within an hour.
LARGE_DOMAINS = frozenset(
    """
    gmail.com googlemail.com yandex.ru ya.ru yandex.com yandex.by yandex.kz mail.ru inbox.ru list.ru bk.ru internet.ru
    rambler.ru outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com me.com mac.com aol.com proton.me
    protonmail.com pm.me tutanota.com tuta.io gmx.de gmx.net gmx.com web.de t-online.de freenet.de orange.fr free.fr
    laposte.net libero.it wp.pl o2.pl interia.pl ukr.net i.ua tut.by zoho.com fastmail.com
    """.split()  # noqa: SIM905 -- a list of words is easier to read.
)


def may_mail(addresses: Sequence[str]) -> list[bool]:
    """Count one message to each address, empty ones aside; return for each whether it may be sent."""
    return limits().count_all([_mail(address) for address in addresses])


def may_sign(clients: Sequence[str]) -> list[bool]:
    """Count one signature of each client; return for each whether it may be stored."""
    return limits().count_all([_signature(client) for client in clients])


def is_spent(client: str) -> bool:
    """Return whether a client has signed as often as it may; counts nothing."""
    return not limits().allow_all([_signature(client)])[0]


def may_miss(client: str) -> bool:
    """Count what a client sent and what leads to nothing; return whether it may go on like that."""
    group = group_of(client)
    most = MISSES * MANY if _is_local(group) else MISSES
    return limits().count_all([[Try("misses", group, most)]])[0]


def _mail(address: str) -> list[Try]:
    most, most_of_domain = config.current().mails_per_address, config.current().mails_per_domain
    local, _, domain = address.strip().casefold().rpartition("@")
    if not domain:
        return []
    mailbox = local.partition("+")[0].replace(".", "")  # Many providers take them for the same.
    tries = [Try("mailbox", f"{mailbox}@{domain}", most)] if most else []
    return [*tries, Try("domain", domain, most_of_domain)] if most_of_domain and domain not in LARGE_DOMAINS else tries


def _signature(client: str) -> list[Try]:
    """Whoever asks from the machine itself, such as an onion service, stands for many, and is not counted."""
    most, group = config.current().signatures_per_client, group_of(client)
    return [Try("signatures", group, most)] if most and group and not _is_local(group) else []


def _is_local(group: str) -> bool:
    try:
        return ip_address(group.partition("/")[0]).is_loopback or group == "::/64"
    except ValueError:
        return False
