"""Zadarma, and Novofon with the same API (facts/providers.md §3.3)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Provider
from connector.domain.telephony import Telephony
from connector.providers.zadarma import history, inbound, outbound, setup, signature
from connector.providers.zadarma.settings import ZadarmaSettings
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2">'
    '<path d="M5 5h14L5 19h14"/><path d="M12 3v2M12 19v2"/></svg>'
)

PROVIDER = Provider(
    slug="zadarma",
    title=Text("Zadarma / Novofon", "Zadarma / Novofon"),
    settings=ZadarmaSettings,
    capabilities=Capabilities(),
    telephony=Telephony(
        verify=signature.verify,
        handshake=signature.handshake,
        dedupe_key=inbound.dedupe_key,
        parse=inbound.parse,
        dial=outbound.dial,
        recording=outbound.recording,
        history=history.history,
        asks=inbound.asks,
        tells=inbound.tells,
    ),
    check=setup.check,
    connect=setup.connect,
    icon_svg=_ICON,
    color="#6cb52d",
)
