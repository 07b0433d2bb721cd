"""1C:Enterprise by its standard OData interface."""

from __future__ import annotations

from connector.domain.provider import Provider
from connector.domain.sources import SourceRole
from connector.providers.onec.reading import OnecReader
from connector.providers.onec.settings import OnecSettings
from connector.providers.onec.setup import check
from connector.speech import Text

PROVIDER = Provider(
    slug="onec",
    title=Text("1C:Enterprise (OData)", "1С:Предприятие (OData)"),
    source=SourceRole(settings=OnecSettings, open=OnecReader, check=check),
    color="#d9a400",
)
