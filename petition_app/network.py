"""Who asks: the address of a client, and the group of addresses that counts as one client."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

LONGEST = 64
V6_GROUP = 64  # Bits: whoever has one address of IPv6 has a whole network of them.


def client_of(peer: str, forwarded_for: str | None, *, proxies: int) -> str:
    """Return the address of a client: of the peer, or as the outermost of our `proxies` has seen it."""
    told = [part.strip() for part in forwarded_for.split(",")] if forwarded_for else []
    return told[-proxies] if proxies and len(told) >= proxies else peer


def group_of(address: str) -> str:
    """Return what an address counts as: itself, or its network of 2^64 where it is of IPv6.

    An address of IPv4 that is written as one of IPv6 is one of IPv4; a port is left out.
    """
    plain = plain_address(address.strip()[:LONGEST])
    try:
        found = ip_address(plain.partition("%")[0])
    except ValueError:
        return plain
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    network = int(found) >> (128 - V6_GROUP) << (128 - V6_GROUP)
    return f"{IPv6Address(network)}/{V6_GROUP}"


def plain_address(address: str) -> str:
    """Return an address without its port and brackets."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
