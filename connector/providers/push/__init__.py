"""Rows that other systems post to us, signed or with a token (facts/providers.md §2.7)."""

from __future__ import annotations

from connector.domain.door import Door
from connector.domain.provider import Provider
from connector.domain.request import Reply
from connector.domain.sources import SourceRole
from connector.providers.push import inbound, setup
from connector.providers.push.reading import PushReader
from connector.providers.push.settings import PushSettings
from connector.speech import Text

PROVIDER = Provider(
    slug="push",
    title=Text("Rows pushed to us", "Строки, которые присылают нам"),
    source=SourceRole(
        settings=PushSettings,
        open=PushReader,
        check=setup.check,
        door=Door(
            verify=inbound.verify,
            dedupe_key=inbound.dedupe_key,
            parse=inbound.parse,
            accepted=Reply(status=202, body=b'{"kept": true}', content_type="application/json"),
        ),
    ),
)
