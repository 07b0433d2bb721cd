"""A mailbox: letters come by IMAP and leave by SMTP (facts/providers.md §4)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Channel, Provider
from connector.providers import postal
from connector.providers.mail import inbound, listening, outbound, setup
from connector.providers.mail.settings import MailboxSettings
from connector.providers.postman import Postman
from connector.speech import Text

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2">'
    '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="m4 7 8 6 8-6"/></svg>'
)

PROVIDER = Provider(
    slug="mail",
    title=Text("Mail", "Почта"),
    settings=MailboxSettings,
    capabilities=Capabilities(
        files=frozenset({"image", "voice", "audio", "video", "document", "sticker"}),
        upload=20 * 1024 * 1024,
        download=30 * 1024 * 1024,
    ),
    channel=Channel(
        verify=inbound.verify,
        dedupe_key=postal.dedupe_key,
        parse=postal.parse,
        anew=postal.anew,
        listen=listening.listen,
        silence=listening.SILENCE,
        send=outbound.send,
        look=outbound.look,
        doubt=outbound.DOUBT,
        locate=postal.locate,
    ),
    check=setup.check,
    session=Postman,
    icon_svg=_ICON,
    color="#2f7de1",
)
