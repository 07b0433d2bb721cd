"""Any system that speaks Standard Webhooks 1.0.0 (facts/providers.md §2.7)."""

from __future__ import annotations

from typing import Any

from connector.domain.provider import Capabilities, Channel, Provider
from connector.providers.generic import inbound, outbound, setup
from connector.providers.generic.settings import GenericSettings
from connector.providers.generic.standin import GenericStandIn
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2">'
    '<circle cx="12" cy="6" r="3"/><circle cx="5" cy="18" r="3"/><circle cx="19" cy="18" r="3"/>'
    '<path d="M10.5 8.6 6.5 15.4M8 18h8M13.5 8.6l4 6.8"/></svg>'
)


def demo_settings(api_url: str) -> dict[str, Any]:
    """The account mapping that points at a stand-in under ``api_url``."""
    return {
        "provider": "generic",
        "secret": "whsec_c3RhbmQtaW4tc2VjcmV0LW9mLXRoZS1kZW1vLTAwMQ==",
        "api_url": api_url,
        "deliver_url": f"{api_url.rstrip('/')}/deliver",
    }


PROVIDER = Provider(
    slug="generic",
    title=Text("Signed webhook", "Подписанный вебхук"),
    settings=GenericSettings,
    capabilities=Capabilities(
        edit=True,
        delete=True,
        buttons=True,
        files=frozenset({"image", "voice", "audio", "video", "document", "sticker"}),
    ),
    channel=Channel(
        verify=inbound.verify,
        dedupe_key=inbound.dedupe_key,
        parse=inbound.parse,
        send=outbound.send,
        locate=outbound.locate,
    ),
    standin=GenericStandIn,
    demo_settings=demo_settings,
    check=setup.check,
    icon_svg=_ICON,
    color="#4a5568",
)
