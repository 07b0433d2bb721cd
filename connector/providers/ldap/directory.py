"""A connection to a directory server: verified, bound, read in pages (RFC 4511, 4513; paging is RFC 2696).

All that is known of the library ``ldap3`` is in here and in ``verdicts``.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from connector.providers.ldap.settings import LdapSettings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # ldap3 calls two tables of pyasn1 by their old names
    import ldap3
    from ldap3.core.exceptions import LDAPExceptionError

    from connector.providers.ldap.verdicts import failed, no_authority, refused

PAGED = "1.2.840.113556.1.4.319"
CONNECT = 10.0  # seconds
_SUCCESS = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. The names of attributes are in lower case, with their options (``member;range=0-1499``)."""

    dn: str
    attributes: Mapping[str, Sequence[bytes]]


class Directory(Protocol):
    """What the source asks a directory for."""

    def search(self, base: str, asked: str, attributes: Sequence[str], *, deep: bool = True) -> Iterator[Entry]:
        """All entries below ``base`` (with ``deep=False``: itself) that the filter ``asked`` finds.

        Raises ``TransientError`` and ``PermanentError``; an answer that the server cut short is an error as well.
        """


class _VerifiedTls(ldap3.Tls):
    """The certificate is held against the name by the standard library, not by ldap3's own copy of it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=connection.server.host)


class Ldap:
    """An open connection of one thread. Use :func:`opened`."""

    def __init__(self, connection: Any, settings: LdapSettings, *, paged: bool) -> None:
        self._connection, self._settings, self._paged = connection, settings, paged
        self._place = _place(settings)

    def search(self, base: str, asked: str, attributes: Sequence[str], *, deep: bool = True) -> Iterator[Entry]:
        cookie: bytes | None = None
        while True:
            response, cookie = self._ask(base, asked, attributes, deep, cookie)
            yield from (_entry(row) for row in response if row["type"] == "searchResEntry")
            if not cookie:
                return

    def _ask(
        self, base: str, asked: str, attributes: Sequence[str], deep: bool, cookie: bytes | None
    ) -> tuple[Sequence[Mapping[str, Any]], bytes | None]:
        try:
            self._connection.search(
                base,
                asked,
                ldap3.SUBTREE if deep else ldap3.BASE,
                attributes=list(attributes),
                paged_size=self._settings.chunk if self._paged and deep else None,
                paged_cookie=cookie,
            )
        except LDAPExceptionError as error:
            raise failed(error, self._place, asked) from error
        result = self._connection.result
        if result["result"] != _SUCCESS:
            who = self._settings.bind_dn
            raise refused(result["result"], _said(result), place=self._place, who=who, base=base, asked=asked)
        told = (result.get("controls") or {}).get(PAGED, {}).get("value", {})
        return self._connection.response or (), told.get("cookie") or None


@contextmanager
def opened(settings: LdapSettings) -> Iterator[Ldap]:
    """Connected, encrypted and let in. Raises ``TransientError`` while it is away, ``PermanentError`` otherwise."""
    place = _place(settings)
    connection = _connection(settings)
    try:
        try:
            connection.open(read_server_info=False)
            if settings.upgraded and not connection.start_tls(read_server_info=False):
                raise refused(13, "STARTTLS", place=place, who=settings.bind_dn)
            entered = connection.bind(read_server_info=False)
            controls = _controls(connection) if entered else frozenset()
        except (LDAPExceptionError, OSError) as error:
            raise failed(error, place) from error
        if not entered:
            result = connection.result
            raise refused(result["result"], _said(result), place=place, who=settings.bind_dn)
        yield Ldap(connection, settings, paged=PAGED in controls)
    finally:
        _leave(connection)


def _connection(settings: LdapSettings) -> Any:
    host, port = settings.address
    server = ldap3.Server(
        host,
        port=port,
        use_ssl=settings.encrypted,
        tls=_VerifiedTls(_context(settings)),
        get_info=ldap3.NONE,
        connect_timeout=CONNECT,
    )
    password = settings.password
    return ldap3.Connection(
        server,
        user=settings.bind_dn or None,
        password=password.get_secret_value() if password else None,
        authentication=ldap3.SIMPLE if settings.bind_dn else ldap3.ANONYMOUS,
        receive_timeout=max(1, round(settings.timeout)),
        auto_range=False,
        auto_referrals=False,
        check_names=False,
        read_only=True,
        return_empty_attributes=False,
    )


def _context(settings: LdapSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise no_authority(settings.ca_file, error) from error


def _controls(connection: Any) -> frozenset[str]:
    """What the server says that it can; nothing when it does not show it to us."""
    connection.search("", "(objectClass=*)", ldap3.BASE, attributes=["supportedControl"])
    rows = [row for row in connection.response or () if row["type"] == "searchResEntry"]
    told = _entry(rows[0]).attributes.get("supportedcontrol", ()) if rows else ()
    return frozenset(raw.decode("ascii", "replace") for raw in told)


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(row["dn"], {name.lower(): list(values) for name, values in row["raw_attributes"].items()})


def _said(result: Mapping[str, Any]) -> str:
    return f"{result.get('description', '')} {result.get('message') or ''}".strip()


def _place(settings: LdapSettings) -> str:
    host, port = settings.address
    return f"{host}:{port}"


def _leave(connection: Any) -> None:
    try:
        connection.unbind()
    except (LDAPExceptionError, OSError, AttributeError):
        return  # it is gone already
