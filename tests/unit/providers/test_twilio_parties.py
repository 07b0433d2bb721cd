from __future__ import annotations

import pytest

from connector.providers.twilio.parties import employee_of, parties
from connector.providers.twilio.settings import TwilioSettings

SETTINGS = TwilioSettings(
    account="calls",
    provider="twilio",
    portal="main",
    account_sid="AC0123456789abcdef0123456789abcdef",
    auth_token="12345",
    url="https://mycompany.com/myapp.php",
    employees={"101": "sip:101@acme.sip.twilio.com", "102": "+1 202 555-01-02", "103": "client:anna"},
)


@pytest.mark.parametrize(
    ("address", "extension"),
    [
        ("sip:101@acme.sip.twilio.com", "101"),
        ("SIP:101@ACME.sip.twilio.com;transport=tls", "101"),
        ("+12025550102", "102"),
        ("client:anna", "103"),
        ("client:boris", "boris"),
        ("sip:109@acme.sip.twilio.com", "109"),
        ("sip:+79001112233@acme.sip.twilio.com", ""),
        ("+79001112233", ""),
        ("", ""),
    ],
)
def test_an_employee_is_known_by_the_address_of_their_telephone(address: str, extension: str):
    assert employee_of(address, SETTINGS) == extension


@pytest.mark.parametrize(
    ("leg", "child", "sides"),
    [
        (("+7900", "+1202", "inbound"), False, ("incoming", "+7900", "+1202", "")),
        (("+7900", "client:anna", "outbound-dial"), True, ("incoming", "+7900", "", "103")),
        (("client:anna", "+7900", "inbound"), False, ("outgoing", "+7900", "", "103")),
        (("+1202", "client:anna", "outbound-api"), False, ("outgoing", "", "+1202", "103")),
        (("+1202", "+7900", "outbound-api"), False, ("outgoing", "+7900", "+1202", "")),
        (("+1202", "+7900", "outbound-dial"), True, ("", "", "", "")),
        (("client:anna", "sip:101@acme.sip.twilio.com", "inbound"), False, ("internal", "103", "", "101")),
        (("+266696687", "+1202", "inbound"), False, ("incoming", "", "+1202", "")),
    ],
)
def test_who_is_who_follows_from_the_addresses(leg: tuple[str, str, str], child: bool, sides: tuple[str, ...]):
    named = dict(zip(("From", "To", "Direction"), leg, strict=True))
    who = parties(named, SETTINGS, child=child)
    assert (who.direction, who.client, who.line, who.employee) == sides
