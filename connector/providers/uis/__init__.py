"""UIS, CoMagic, CallGear and Novofon 2.0: one platform (facts/providers.md §3.6)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Provider
from connector.domain.telephony import Telephony
from connector.providers.uis import inbound, outbound, setup
from connector.providers.uis.settings import UisSettings
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2">'
    '<path d="M5 4v9a7 7 0 0 0 14 0V4"/><path d="M12 9v5"/></svg>'
)

PROVIDER = Provider(
    slug="uis",
    title=Text("UIS / CoMagic", "UIS / CoMagic"),
    settings=UisSettings,
    capabilities=Capabilities(),
    telephony=Telephony(
        verify=inbound.verify,
        dedupe_key=inbound.dedupe_key,
        parse=inbound.parse,
        secrets=("token",),
        dial=outbound.dial,
        recording=outbound.recording,
        history=outbound.history,
    ),
    check=setup.check,
    icon_svg=_ICON,
    color="#00a3d9",
)
