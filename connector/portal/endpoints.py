"""Hosts and endpoints: what may be called at all (facts/bitrix24-platform.md §5.8, no SSRF)."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

AUTH_DOMAINS = ("bitrix.info", "bitrix24.tech")
DEFAULT_AUTH = "https://oauth.bitrix.info"
# Families that only REST 3.0 has (facts/bitrix24-telephony-crm.md §3.3).
_THIRD = ("humanresources.node.", "humanresources.employee.")
_PORTS = {"http": 80, "https": 443}


def netloc(url: str) -> str:
    """``host`` or ``host:port`` of a URL in lower case, without the scheme's own port; empty when there is none."""
    parts = _split(url)
    if parts is None or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return host if parts.port in (None, _PORTS.get(parts.scheme)) else f"{host}:{parts.port}"


def is_loopback(url: str) -> bool:
    """Whether the URL points at this very machine."""
    parts = _split(url)
    host = (parts.hostname or "") if parts else ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def endpoint(url: str, *, local: bool) -> str:
    """The URL as a base that ends with ``/``, without query, fragment and user; empty when it may not be used.

    Plain http and this machine's own addresses are allowed only with ``local`` (the portal itself is loopback).
    """
    parts = _split(url)
    if parts is None or parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        return ""
    loopback = is_loopback(url)
    if loopback and not local:
        return ""
    if parts.scheme == "http" and not loopback:
        return ""
    return f"{parts.scheme}://{netloc(url)}{parts.path.rstrip('/')}/"


def method_url(client_endpoint: str, method: str) -> str:
    """Where a method is called: below ``client_endpoint``, those of REST 3.0 below ``/rest/api/`` and without
    ``.json`` (§1.1, §1.7).
    """
    if not method.lower().startswith(_THIRD):
        return f"{client_endpoint}{method}.json"
    before, found, rest = client_endpoint.rpartition("/rest/")
    return f"{before}/rest/api/{rest}{method}" if found else f"{client_endpoint}{method}"


def auth_base(server_endpoint: str, *, configured: str, portal_url: str) -> str:
    """The authorization server's base without a trailing slash; empty when the host is not on the list (§0, §4.1).

    ``configured`` (the setting ``auth_url``) always wins; ``server_endpoint`` loses its ``/rest/``.
    """
    local = is_loopback(portal_url)
    if configured:
        return _without_rest(endpoint(configured, local=True))
    if not server_endpoint:
        return _without_rest(endpoint(portal_url, local=True)) if local else DEFAULT_AUTH
    base = endpoint(server_endpoint, local=local)
    if not base or not (is_loopback(base) or _is_auth_host(netloc(base))):
        return ""
    return _without_rest(base)


def _is_auth_host(host: str) -> bool:
    return any(host.endswith(f".{domain}") for domain in AUTH_DOMAINS)


def _without_rest(base: str) -> str:
    return base.rstrip("/").removesuffix("/rest")


def _split(url: str) -> SplitResult | None:
    if any(char.isspace() or char in "\\\x00" for char in url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
