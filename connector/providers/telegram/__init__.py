"""Telegram bots (facts/providers.md §2.1)."""

from __future__ import annotations

from typing import Any

from connector.domain.provider import Capabilities, Channel, Provider
from connector.providers.telegram import inbound, outbound, setup
from connector.providers.telegram.settings import TelegramSettings
from connector.providers.telegram.standin import TelegramStandIn
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
    '<path fill="#fff" d="M3 11.5 21 4l-3 16-5.5-4-3 3-.5-5L17 7.5 7.5 13z"/></svg>'
)


def demo_settings(api_url: str) -> dict[str, Any]:
    """The account mapping that points at a stand-in under ``api_url``."""
    return {
        "provider": "telegram",
        "token": "100000001:stand-in-token-of-the-demo",
        "secret": "stand-in-secret-of-the-demo",
        "api_url": api_url,
    }


PROVIDER = Provider(
    slug="telegram",
    title=Text("Telegram", "Telegram"),
    settings=TelegramSettings,
    capabilities=Capabilities(
        text=outbound.TEXT_LIMIT,
        caption=outbound.CAPTION_LIMIT,
        edit=True,
        delete=True,
        buttons=True,
        files=frozenset(outbound.WAYS),
        upload=outbound.UPLOAD_LIMIT,
        download=outbound.DOWNLOAD_LIMIT,
    ),
    channel=Channel(
        verify=inbound.verify,
        dedupe_key=inbound.dedupe_key,
        parse=inbound.parse,
        send=outbound.send,
        locate=outbound.locate,
    ),
    standin=TelegramStandIn,
    demo_settings=demo_settings,
    check=setup.check,
    connect=setup.connect,
    icon_svg=_ICON,
    color="#2a9ed8",
)
