"""``connector.yaml`` of the demo: one account for each provider that can take part."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from connector import registry
from connector.demo.letterbox import SHOP_NAME
from connector.domain.provider import Provider
from connector.speech import Text

APP = {"client_id": "local.demo", "client_secret": "the-secret-of-the-demo"}

WEBCHAT = "webchat"
GREETING = Text("Hello! Ask us anything.", "Здравствуйте! Спрашивайте, мы на связи.")


def yaml_of(
    portal: str,
    standin: Callable[[str], str],
    servers: Mapping[str, Mapping[str, Any]],
    *,
    language: str,
    var: Path,
    page: str = "",
) -> dict[str, Any]:
    """The settings as they are written to the file.

    ``portal`` is the address of the pretend Bitrix24, ``standin`` tells where the pretend provider of an account
    answers, ``servers`` are the accounts of the pretend PBX and mail server, ``page`` is the origin that may frame the
    console and embed the web chat.
    """
    main = {
        "url": portal,
        "app": dict(APP),
        "auth_url": f"{portal}/oauth-server",
        "language": language,
        "budget": {"burst": 500, "per_second": 500},
        "doubt": 1,
    }
    accounts: dict[str, Any] = {name: dict(account) for name, account in servers.items()}
    playing = [row for row in sorted(registry.providers().items()) if row[1].demo_settings or row[0] == WEBCHAT]
    for line, (slug, provider) in enumerate(playing, start=1):
        name = f"my-{slug}"
        own = _webchat(language, page) if slug == WEBCHAT else _standing_in(provider, standin(name))
        accounts[name] = {**own, "provider": slug, "portal": "main", "line": line}
    frames = {"console": {"frames": [page]}} if page else {}
    return {"portals": {"main": main}, "accounts": accounts, "language": language, "var": str(var), **frames}


def _standing_in(provider: Provider, api_url: str) -> dict[str, Any]:
    assert provider.demo_settings is not None
    return provider.demo_settings(api_url)


def _webchat(language: str, page: str) -> dict[str, Any]:
    """The chat of the pretend shop: the browser itself is the customer, nobody stands in."""
    return {
        "secret": secrets.token_hex(32),
        "origins": [page] if page else [],
        "title": SHOP_NAME.say(language),
        "greeting": GREETING.say(language),
    }
