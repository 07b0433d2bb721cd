"""Connections that never reach a private network, whatever the name says (SSRF, facts/providers.md §1 rule 6).

The addresses of a name are judged at the moment of connecting and one of the judged addresses is dialled, so a
name that changes between check and use (DNS rebinding) gains nothing. TLS still verifies the name.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection


class ForbiddenAddressError(OSError):
    """The name leads into a private network; it is in nobody's interest to say where."""


def public(address: str) -> bool:
    """Whether an IP address may be dialled on behalf of a stranger."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return public(str(inner))
        if ip in _NAT64:
            return public(str(ipaddress.IPv4Address(ip.packed[-4:])))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def listed(host: str, port: int, default: int | None, hosts: Collection[str]) -> bool:
    """Whether ``hosts`` names this server: ``host:port``, or ``host`` alone for the scheme's own port."""
    return f"{host}:{port}".lower() in hosts or (port == default and host.lower() in hosts)


def dial(connection: HTTPConnection, allowed: Collection[str]) -> socket.socket:
    """Resolve once, judge every address, connect to the first that may be dialled and answers."""
    host, port = connection.host.strip("[]"), connection.port or connection.default_port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise NameResolutionError(connection.host, connection, socket.gaierror(str(error))) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not listed(host, port, connection.default_port, allowed) and not all(map(public, addresses)):
        raise ForbiddenAddressError(f"{host}:{port} is not a public address")
    failure: OSError = OSError("the name has no address")
    for address in addresses:
        try:
            return create_connection(
                (address, port), connection.timeout, connection.source_address, connection.socket_options
            )
        except OSError as error:
            failure = error
    raise NewConnectionError(connection, f"no address of {host} answers: {failure}") from failure


def guarded_session(allowed: Collection[str], *, verify: bool | str = True) -> requests.Session:
    """A session that dials public addresses and the servers of ``allowed`` (see :func:`listed`) only.

    Proxies, ``.netrc`` and cookies of the environment are not used: each would lead around the guard.
    """
    session = requests.Session()
    session.trust_env, session.verify = False, verify
    adapter = _GuardedAdapter(frozenset(map(str.lower, allowed)))
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        allowed = self._allowed

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return dial(self, allowed)

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return dial(self, allowed)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager = PoolManager(connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
