"""Reads a directory whole and prints how many people there were and the peak of the memory used, in KiB.

``python ldap_peak.py <url> <folder>``
"""

from __future__ import annotations

import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


def main(url: str, folder: str) -> None:
    """One run in pages of 500."""
    from connector.domain.sources import Desk
    from connector.providers.ldap.reading import PeopleReader
    from connector.providers.ldap.settings import LdapSettings
    from tests.integration.sources.slapd import BASE, PASSWORD, READER

    given: dict[str, Any] = {"source": "staff", "provider": "ldap", "portal": "main", "url": url, "bind_dn": READER}
    given |= {"password": PASSWORD, "base": BASE, "people": {"id": "entryUUID"}, "groups": {}}
    http: Any = None
    desk = Desk(
        settings=LdapSettings.model_validate(given), http=http, folder=Path(folder), clock=lambda: datetime.now(UTC)
    )
    count, ended = 0, False
    with PeopleReader(desk) as reader:
        position = reader.begin(None).position
        while not ended:
            page = reader.page(position, 500)
            count, position, ended = count + len(page.records), page.position, page.ended
    print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(*sys.argv[1:])
