"""Postmark: letters come by its webhook and leave by its SMTP (facts/providers.md §4.6)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Provider
from connector.providers import couriers, postal
from connector.providers.postmark import inbound, outbound, setup
from connector.providers.postmark.settings import PostmarkSettings
from connector.speech import Text

PROVIDER = Provider(
    slug="postmark",
    title=Text("Mail by Postmark", "Почта через Postmark"),
    settings=PostmarkSettings,
    capabilities=Capabilities(files=postal.FILES, upload=10 * 1024 * 1024, download=35 * 1024 * 1024),
    channel=couriers.channel(inbound.unpack, inbound.NOT_RAW, limit=inbound.LIMIT),
    session=outbound.KeepingPostman,
    check=setup.check,
    connect=setup.connect,
    icon_svg=postal.ICON,
    color="#b89600",
)
