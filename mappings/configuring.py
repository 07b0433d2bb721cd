"""Joins the settings documents of a set: a later one adds to the earlier ones and replaces what it names again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from phonenumbers import SUPPORTED_REGIONS

from mappings.contexts import Table
from mappings.documents import Document
from mappings.faults import Fault, Said, nearest
from mappings.nodes import Path
from mappings.outcome import TYPE_IDS
from mappings.people import e164
from mappings.rules import Category, Config
from mappings.tables import table

_EMAIL = re.compile(r"[^@\s|]*@[^@\s|]+\.[^@\s|]{2,}")
_TAG_FIELD = re.compile(r"(UF_|uf)[A-Za-z0-9_]{1,50}")
Files = Mapping[str, str | bytes]
Settings = tuple[Document, Mapping[str, Any]]


@dataclass
class _Joined:
    """Settings so far; ``said`` is where each of the simple ones was last said."""

    files: Files
    faults: list[Fault] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    tag_fields: dict[str, str] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)


def configure(settings: Sequence[Settings], files: Files) -> tuple[Config, tuple[str, ...], list[Fault]]:
    """The settings of the set, the names of the CSV files that they use, and the faults. ``settings`` are documents
    with what fits their model, in order.
    """
    joined = _Joined(files=files)
    for document, given in settings:
        for key, join in _JOINS.items():
            if key in given:
                join(joined, document, given[key])
    country = joined.values.get("country", Config().country)
    phones, emails = set[str](), set[str]()
    for document, given in settings:
        own = given.get("own", {})
        phones.update(_phones(joined, document, own.get("phones", []), country))
        emails.update(_emails(joined, document, own.get("emails", [])))
    config = Config(
        **joined.values,
        own_phones=frozenset(phones),
        own_emails=frozenset(emails),
        tag_fields=joined.tag_fields,
        categories=joined.categories,
        tables=joined.tables,
    )
    return config, tuple(joined.used), joined.faults


def _country(joined: _Joined, document: Document, value: str) -> None:
    if value in SUPPORTED_REGIONS:
        joined.values["country"] = value
        return
    said = f"Unknown country {value[:20]}", f"Неизвестная страна {value[:20]}"
    example = ("Write its two letters, for example RU", "Напишите две буквы её кода, например RU")
    mend = nearest(value.upper(), SUPPORTED_REGIONS) if value.upper() in SUPPORTED_REGIONS else example
    joined.faults.append(document.fault(("country",), said, mend))


def _zone(joined: _Joined, document: Document, value: str) -> None:
    try:
        joined.values["zone"] = ZoneInfo(value).key
    except (ValueError, OSError, LookupError):
        said = f"Unknown time zone {value[:40]}", f"Неизвестный часовой пояс {value[:40]}"
        near = get_close_matches(value, available_timezones(), n=1)
        mend = nearest(value, near) if near else ("Write it like Europe/Moscow", "Напишите его как Europe/Moscow")
        joined.faults.append(document.fault(("zone",), said, mend))


def _tag_fields(joined: _Joined, document: Document, given: Mapping[str, str]) -> None:
    for entity, name in given.items():
        path: Path = ("tag_fields", entity)
        if entity not in TYPE_IDS and not entity.isdigit():
            said = f"There is no {entity[:40]} to keep tags in", f"Хранить теги в {entity[:40]} нельзя"
            joined.faults.append(document.fault(path, said, nearest(entity, (*TYPE_IDS, "1036")), key=True))
        elif not _TAG_FIELD.fullmatch(name):
            said = f"{name[:40]} is no field of your own", f"{name[:40]} — не пользовательское поле"
            mend = "Name one that begins with UF_, for example UF_CRM_TAGS", "Укажите поле на UF_, например UF_CRM_TAGS"
            joined.faults.append(document.fault(path, said, mend))
        else:
            joined.tag_fields[entity] = name


def _categories(joined: _Joined, _: Document, given: Mapping[str, Any]) -> None:
    for name, category in given.items():
        title = category.get("title", name)
        said: Said = (title, title) if isinstance(title, str) else (title.get("en", name), title.get("ru", name))
        joined.categories[name] = Category(
            title=said, priority=category.get("priority", "normal"), owner=category.get("owner")
        )


def _tables(joined: _Joined, document: Document, given: Mapping[str, str]) -> None:
    folder = document.file[: document.file.rfind("/") + 1]
    for name, file in given.items():
        path: Path = ("tables", name)
        if "/" in file or "\\" in file:
            joined.faults.append(document.fault(path, *outside(file)))
        elif folder + file not in joined.files:
            beside = [other.removeprefix(folder) for other in joined.files if other.startswith(folder)]
            said = f"There is no file {file[:60]}", f"Нет файла {file[:60]}"
            tables = [other for other in beside if other.endswith(".csv")]
            mend = nearest(file, tables) if tables else ("Put it beside this file", "Положите его рядом с этим файлом")
            joined.faults.append(document.fault(path, said, mend))
        else:
            joined.tables[name], faults = table(folder + file, joined.files[folder + file])
            joined.faults.extend(faults if folder + file not in joined.used else [])
            joined.used.append(folder + file)


def outside(file: str) -> tuple[Said, Said]:
    """The words for a file that does not lie beside the one that names it."""
    said = f"{file[:60]} lies outside this folder", f"{file[:60]} лежит вне этой папки"
    return said, ("Put the file beside this one and write its name only", "Положите файл рядом и укажите только имя")


def _phones(joined: _Joined, document: Document, given: Sequence[str | None], country: str) -> Iterator[str]:
    for index, number in enumerate(given):
        if found := e164(number or "", country):
            yield found
        elif number is not None:
            said = f"{number[:40]} is no phone number", f"{number[:40]} — не номер телефона"
            mend = "Write it with + and the country", "Напишите его с + и кодом страны"
            joined.faults.append(document.fault(("own", "phones", index), said, mend))


def _emails(joined: _Joined, document: Document, given: Sequence[str | None]) -> Iterator[str]:
    for index, address in enumerate(given):
        if address is not None and _EMAIL.fullmatch(address.strip()):
            yield address.strip().lower()
        elif address is not None:
            said = f"{address[:40]} is neither an address nor a domain", f"{address[:40]} — не адрес и не домен"
            mend = (
                "Write info@acme.ru, or @acme.ru for all of them",
                "Напишите info@acme.ru или @acme.ru для всех сразу",
            )
            joined.faults.append(document.fault(("own", "emails", index), said, mend))


_JOINS: Mapping[str, Callable[[_Joined, Document, Any], None]] = {
    "country": _country,
    "zone": _zone,
    "tag_fields": _tag_fields,
    "categories": _categories,
    "tables": _tables,
}
