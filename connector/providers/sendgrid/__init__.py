"""SendGrid: letters come by its webhook and leave by its SMTP (facts/providers.md §4.6)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Provider
from connector.providers import couriers, postal
from connector.providers.postman import Postman
from connector.providers.sendgrid import inbound, setup
from connector.providers.sendgrid.settings import SendgridSettings
from connector.speech import Text

PROVIDER = Provider(
    slug="sendgrid",
    title=Text("Mail by SendGrid", "Почта через SendGrid"),
    settings=SendgridSettings,
    capabilities=Capabilities(files=postal.FILES, upload=20 * 1024 * 1024, download=30 * 1024 * 1024),
    channel=couriers.channel(inbound.unpack, inbound.NOT_RAW, limit=inbound.LIMIT),
    session=Postman,
    check=setup.check,
    icon_svg=postal.ICON,
    color="#1a82e2",
)
