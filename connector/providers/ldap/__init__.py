"""A directory by LDAP: people and the groups that they are in (facts/bitrix24-telephony-crm.md §3.7)."""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.provider import Finding, Provider
from connector.domain.sources import Desk, Reader, SourceRole
from connector.providers.ldap.settings import LdapSettings
from connector.speech import Text


def _open(desk: Desk) -> Reader:
    from connector.providers.ldap.reading import PeopleReader  # ldap3 loads slowly, and few processes need it

    return PeopleReader(desk)


def _check(desk: Desk) -> Sequence[Finding]:
    from connector.providers.ldap.setup import check  # as above

    return check(desk)


PROVIDER = Provider(
    slug="ldap",
    title=Text("Directory (LDAP)", "Каталог (LDAP)"),
    source=SourceRole(settings=LdapSettings, open=_open, check=_check),
    color="#5b6b8c",
)
