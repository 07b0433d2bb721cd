"""The chat on the company's own site: the conversation is kept here (docs/adr/0006)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Channel, Provider
from connector.providers.webchat import inbound, outbound, setup
from connector.providers.webchat.settings import WebchatSettings
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2" '
    'stroke-linejoin="round"><path d="M4 5h16v11H11l-4 4v-4H4z"/><path d="M8 9.5h8M8 12.5h5" stroke-linecap="round"/>'
    "</svg>"
)
_MIB = 1024 * 1024

PROVIDER = Provider(
    slug="webchat",
    title=Text("Chat on the site", "Чат на сайте"),
    settings=WebchatSettings,
    capabilities=Capabilities(
        text=20_000,
        edit=True,
        delete=True,
        files=frozenset({"image", "voice", "audio", "video", "document", "sticker"}),
        download=20 * _MIB,
        faces=True,
    ),
    channel=Channel(
        verify=inbound.verify,
        dedupe_key=inbound.dedupe_key,
        parse=inbound.parse,
        send=outbound.send,
        locate=outbound.locate,
        through="chats",
    ),
    check=setup.check,
    icon_svg=_ICON,
    color="#0b66c3",
)
