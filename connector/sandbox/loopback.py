"""Who may knock at the pages of this machine: a browser that shows another site may not."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Request

from connector.sandbox.answers import ApiError

OWN_SITE = frozenset({"same-origin", "none"})


def is_loopback(netloc: str) -> bool:
    """True for ``localhost`` and the loopback addresses, with or without a port.

    Not where browsers would go elsewhere: to them a backslash ends the host.
    """
    if "\\" in netloc or "@" in netloc:
        return False
    try:
        host = urlsplit(f"//{netloc}").hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_host(request: Request) -> None:
    """Raise 403 ``HOST`` for a name that is not the loopback's: somebody's DNS points at us."""
    if not is_loopback(request.host):
        raise ApiError("HOST", "The sandbox answers to 127.0.0.1, [::1] and localhost only", 403)


def check_origin(request: Request) -> None:
    """Raise 403 ``ORIGIN`` when a page of another site asks; programs send neither header."""
    own = request.host_url.rstrip("/")
    if request.headers.get("Origin", own) != own or request.headers.get("Sec-Fetch-Site", "none") not in OWN_SITE:
        raise ApiError("ORIGIN", "Another site may not drive the sandbox", 403)


def check_post(request: Request) -> None:
    """Raise :class:`ApiError` unless host and origin are ours and the body is JSON, which no form can send."""
    check_host(request)
    check_origin(request)
    if not request.is_json:
        raise ApiError("CONTENT_TYPE", "Send JSON: Content-Type application/json", 415)
