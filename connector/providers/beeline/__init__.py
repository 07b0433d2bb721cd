"""Beeline Cloud PBX (facts/providers.md §3.5)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Provider
from connector.domain.telephony import Telephony
from connector.providers.beeline import history, inbound, outbound, setup
from connector.providers.beeline.settings import BeelineSettings
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2">'
    '<circle cx="12" cy="12" r="9"/><path d="M3.6 9h16.8M3.6 15h16.8"/></svg>'
)

PROVIDER = Provider(
    slug="beeline",
    title=Text("Beeline Cloud PBX", "Билайн «Облачная АТС»"),
    settings=BeelineSettings,
    capabilities=Capabilities(),
    telephony=Telephony(
        verify=inbound.verify,
        dedupe_key=inbound.dedupe_key,
        parse=inbound.parse,
        paths=True,
        dial=outbound.dial,
        recording=outbound.recording,
        history=history.history,
        renew=setup.renew,
    ),
    check=setup.check,
    connect=setup.connect,
    icon_svg=_ICON,
    color="#e0b000",
)
