"""Lists of any HTTP API that answers in JSON."""

from __future__ import annotations

from connector.domain.provider import Provider
from connector.domain.sources import SourceRole
from connector.providers.http_json.reading import HttpReader
from connector.providers.http_json.settings import HttpJsonSettings
from connector.providers.http_json.setup import check
from connector.speech import Text

PROVIDER = Provider(
    slug="http_json",
    title=Text("JSON over HTTP", "JSON по HTTP"),
    source=SourceRole(settings=HttpJsonSettings, open=HttpReader, check=check),
    color="#5b6b7f",
)
