"""Mailgun: letters come by its webhook and leave by its SMTP (facts/providers.md §4.6)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Provider
from connector.providers import couriers, postal
from connector.providers.mailgun import inbound, setup
from connector.providers.mailgun.settings import MailgunSettings
from connector.providers.postman import Postman
from connector.speech import Text

PROVIDER = Provider(
    slug="mailgun",
    title=Text("Mail by Mailgun", "Почта через Mailgun"),
    settings=MailgunSettings,
    capabilities=Capabilities(files=postal.FILES, upload=20 * 1024 * 1024, download=25 * 1024 * 1024),
    channel=couriers.channel(
        inbound.unpack, inbound.NOT_RAW, limit=inbound.LIMIT, verify=inbound.verify, condense=inbound.condense
    ),
    session=Postman,
    check=setup.check,
    connect=setup.connect,
    icon_svg=postal.ICON,
    color="#c02126",
)
