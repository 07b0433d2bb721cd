"""A mailbox: letters come by IMAP and leave by SMTP (facts/providers.md §4)."""

from __future__ import annotations

from connector.domain.provider import Capabilities, Channel, Provider
from connector.providers import postal
from connector.providers.mail import inbound, listening, outbound, setup
from connector.providers.mail.settings import MailboxSettings
from connector.providers.postman import Postman
from connector.speech import Text

PROVIDER = Provider(
    slug="mail",
    title=Text("Mail", "Почта"),
    settings=MailboxSettings,
    capabilities=Capabilities(files=postal.FILES, upload=20 * 1024 * 1024, download=30 * 1024 * 1024),
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
    icon_svg=postal.ICON,
    color="#2f7de1",
)
