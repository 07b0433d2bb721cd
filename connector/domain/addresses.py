"""Whose address it is, for limits."""

from __future__ import annotations

import ipaddress


def network(remote: str) -> str:
    """The address, or the /64 of IPv6, which one customer has whole; ``unknown`` for what is none."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
