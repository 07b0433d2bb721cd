"""Asterisk, also inside FreePBX and its kin, by its manager's stream (facts/providers.md §3.1)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Provider
from connector.domain.telephony import Telephony
from connector.providers.asterisk import inbound, listening, outbound, setup
from connector.providers.asterisk.history import history
from connector.providers.asterisk.settings import AsteriskSettings
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2.4" '
    'stroke-linecap="round"><path d="M12 4v16M5 8l14 8M19 8 5 16"/></svg>'
)

PROVIDER = Provider(
    slug="asterisk",
    title=Text("Asterisk", "Asterisk"),
    settings=AsteriskSettings,
    capabilities=Capabilities(),
    telephony=Telephony(
        verify=inbound.verify,
        dedupe_key=inbound.dedupe_key,
        parse=inbound.parse,
        dial=outbound.dial,
        recording=outbound.recording,
        history=history,
        listen=listening.listen,
        silence=listening.PACE.silence,
    ),
    check=setup.check,
    icon_svg=_ICON,
    color="#f68f1e",
)
