"""Looking at a directory: is it there, does it let us in, whom does it show, and what does the first of them say?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from connector.domain.provider import Finding
from connector.domain.sources import Desk, Page, Record
from connector.errors import ConnectorError
from connector.providers.ldap.directory import opened
from connector.providers.ldap.reading import Connect, PeopleReader
from connector.providers.ldap.settings import LdapSettings
from connector.speech import Text

_LOGIN = Text("The directory {url} lets the connector in", "Каталог {url} пускает коннектор")
_OPEN = Text(
    "Nothing is encrypted on the way to {url}: fine on this machine, nowhere else",
    "Соединение с {url} не шифруется: на этой машине можно, в сети — нет",
)
_SHOWN = Text("It shows people: {count}", "Он показывает людей: {count}")
_READ = Text("Its people and groups can be read", "Люди и группы читаются")
_NOBODY = Text(
    "Nobody is found by {asked} below {base}: correct `base` or `people.filter`, or grant reading",
    "Под {base} по фильтру {asked} никого нет: исправьте `base` или `people.filter` или дайте право чтения",
)
_IDS = Text("Everybody has an id ({attribute})", "У каждого есть идентификатор ({attribute})")
_BROKEN = Text(
    "Some have no id of their own and will be parked, the first is {dn}: {why}",
    "У некоторых нет своего идентификатора, они будут отложены; первая запись — {dn}: {why}",
)
_MAIL = Text("They have e-mail addresses ({attribute})", "У них есть почта ({attribute})")
_NO_MAIL = Text(
    "Of the first {count} people none has `{attribute}`: where Bitrix24 does not know their id they will not be found. "
    "Say in `people.email` which attribute has it",
    "Из первых {count} человек ни у кого нет `{attribute}`: если Bitrix24 не знает их id, они не найдутся. Укажите "
    "нужный атрибут в `people.email`",
)
_FIRST = Text("The first of them: {row}", "Первый из них: {row}")
_SAMPLE = 50


def check(desk: Desk, connect: Connect = opened) -> list[Finding]:
    """Read as a run would, into a folder that is thrown away. Raises nothing: a failure is a finding."""
    settings: LdapSettings = desk.settings
    entered = _LOGIN.with_(url=settings.url)
    try:
        with connect(settings):
            pass
    except ConnectorError as error:
        return [Finding(entered, "bad", error.hint, "ldap.login")]
    plain = not settings.encrypted and not settings.upgraded
    login = Finding(entered, "ok", _OPEN.with_(url=settings.url) if plain else None, "ldap.login")
    try:
        return [login, *_read(desk, connect)]
    except ConnectorError as error:
        return [login, Finding(_READ, "bad", error.hint, "ldap.read")]


def _read(desk: Desk, connect: Connect) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder, PeopleReader(replace(desk, folder=Path(folder)), connect) as reader:
        start = reader.begin(None)
        page = reader.page(start.position, _SAMPLE)
        return list(_told(desk.settings, start.total or 0, page))


def _told(settings: LdapSettings, total: int, page: Page) -> Iterator[Finding]:
    people = settings.people
    if not total:
        hint = _NOBODY.with_(asked=people.wanted, base=settings.where(people))
        yield Finding(_READ, "bad", hint, "ldap.read")
        return
    yield Finding(_SHOWN.with_(count=total), "ok", code="ldap.read")
    broken = _BROKEN.with_(dn=page.broken[0].where, why=page.broken[0].why) if page.broken else None
    yield Finding(_IDS.with_(attribute=people.id), "warn" if broken else "ok", broken, "ldap.ids")
    if not page.records:
        return
    reached = any(record.values["email"] for record in page.records)
    none = None if reached else _NO_MAIL.with_(count=len(page.records), attribute=people.email)
    yield Finding(_MAIL.with_(attribute=people.email), "ok" if reached else "warn", none, "ldap.email")
    yield Finding(_FIRST.with_(row=_row(page.records[0])), "ok", code="ldap.first")


def _row(record: Record) -> str:
    told = {name: value for name, value in record.values.items() if value not in (None, [], "")}
    return ", ".join(f"{name}: {value}" for name, value in told.items())[:400]
