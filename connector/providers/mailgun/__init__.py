"""Mailgun: letters come by its webhook and leave by its SMTP (facts/providers.md §4.6)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Channel, Provider
from connector.providers import postal, posting
from connector.providers.mailgun import inbound, setup
from connector.providers.mailgun.settings import MailgunSettings
from connector.providers.postman import Postman
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2">'
    '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="m4 7 8 6 8-6"/></svg>'
)

PROVIDER = Provider(
    slug="mailgun",
    title=Text("Mail by Mailgun", "Почта через Mailgun"),
    settings=MailgunSettings,
    capabilities=Capabilities(
        files=frozenset({"image", "voice", "audio", "video", "document", "sticker"}),
        upload=20 * 1024 * 1024,
        download=25 * 1024 * 1024,
    ),
    channel=Channel(
        verify=inbound.verify,
        dedupe_key=postal.dedupe_key,
        parse=inbound.parse,
        paths=True,
        limit=inbound.LIMIT,
        condense=inbound.condense,
        anew=inbound.anew,
        send=posting.send,
        locate=postal.locate,
    ),
    session=Postman,
    check=setup.check,
    connect=setup.connect,
    icon_svg=_ICON,
    color="#c02126",
)
