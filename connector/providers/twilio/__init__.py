"""Twilio Voice (facts/providers.md §3.8)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Provider
from connector.domain.request import Reply
from connector.domain.telephony import Telephony
from connector.providers.twilio import history, inbound, outbound, setup
from connector.providers.twilio.settings import TwilioSettings
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2">'
    '<circle cx="12" cy="12" r="9"/><circle cx="9.2" cy="9.2" r="1.6"/><circle cx="14.8" cy="9.2" r="1.6"/>'
    '<circle cx="9.2" cy="14.8" r="1.6"/><circle cx="14.8" cy="14.8" r="1.6"/></svg>'
)
#: Nothing to do, in TwiML: what a status callback is answered with.
_EMPTY = Reply(body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="text/xml; charset=utf-8")

PROVIDER = Provider(
    slug="twilio",
    title=Text("Twilio", "Twilio"),
    settings=TwilioSettings,
    capabilities=Capabilities(),
    telephony=Telephony(
        verify=inbound.verify,
        dedupe_key=inbound.dedupe_key,
        parse=inbound.parse,
        accepted=_EMPTY,
        dial=outbound.dial,
        recording=outbound.recording,
        history=history.history,
    ),
    check=setup.check,
    connect=setup.connect,
    icon_svg=_ICON,
    color="#f22f46",
)
