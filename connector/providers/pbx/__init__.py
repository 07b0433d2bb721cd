"""Any PBX that speaks Standard Webhooks 1.0.0 (facts/providers.md §2.7)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Provider
from connector.domain.telephony import Telephony
from connector.providers.pbx import inbound, outbound, setup
from connector.providers.pbx.settings import WebhookPbxSettings
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2">'
    '<rect x="4" y="3" width="16" height="18" rx="2"/><path d="M8 7h3M13 7h3M8 12h3M13 12h3M8 17h8"/></svg>'
)

PROVIDER = Provider(
    slug="pbx",
    title=Text("Any PBX: signed webhook", "Любая АТС: подписанный вебхук"),
    settings=WebhookPbxSettings,
    capabilities=Capabilities(),
    telephony=Telephony(
        verify=inbound.verify,
        dedupe_key=inbound.dedupe_key,
        parse=inbound.parse,
        dial=outbound.dial,
        recording=outbound.recording,
        history=outbound.history,
        asks=inbound.asks,
        tells=inbound.tells,
    ),
    check=setup.check,
    icon_svg=_ICON,
    color="#3b4a6b",
)
