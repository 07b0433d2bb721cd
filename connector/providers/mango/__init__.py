"""Mango Office, a virtual PBX (facts/providers.md §3.2)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Provider
from connector.domain.telephony import Telephony
from connector.providers.mango import history, inbound, outbound, setup, signature
from connector.providers.mango.settings import MangoSettings
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2">'
    '<path d="M6 3h4l2 5-2.5 1.5a12 12 0 0 0 5 5L16 12l5 2v4a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z"/></svg>'
)

PROVIDER = Provider(
    slug="mango",
    title=Text("Mango Office", "Mango Office"),
    settings=MangoSettings,
    capabilities=Capabilities(),
    telephony=Telephony(
        verify=signature.verify,
        dedupe_key=inbound.dedupe_key,
        parse=inbound.parse,
        secrets=("vpbx_api_key", "sign"),
        paths=True,
        dial=outbound.dial,
        recording=outbound.recording,
        history=history.history,
    ),
    check=setup.check,
    icon_svg=_ICON,
    color="#f4811f",
)
