"""MegaFon's virtual PBX and others of its engine (facts/providers.md §3.4)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Provider
from connector.domain.telephony import Telephony
from connector.providers.megafon import history, inbound, outbound, setup
from connector.providers.megafon.settings import MegafonSettings
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2">'
    '<circle cx="12" cy="12" r="9"/><path d="M8 8h2.5l1.2 3-1.3 1a7 7 0 0 0 2.6 2.6l1-1.3 3 1.2V17"/></svg>'
)

PROVIDER = Provider(
    slug="megafon",
    title=Text("MegaFon PBX", "МегаФон ВАТС"),
    settings=MegafonSettings,
    capabilities=Capabilities(),
    telephony=Telephony(
        verify=inbound.verify,
        dedupe_key=inbound.dedupe_key,
        parse=inbound.parse,
        secrets=("crm_token",),
        dial=outbound.dial,
        recording=outbound.recording,
        history=history.history,
        asks=inbound.asks,
        tells=inbound.tells,
    ),
    check=setup.check,
    icon_svg=_ICON,
    color="#00985f",
)
