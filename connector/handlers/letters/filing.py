"""A client's letter as an incoming e-mail in the card of a CRM row (facts/bitrix24-telephony-crm.md §2.5).

``DIRECTION`` is always 1: with 2 and ``COMPLETED`` the portal would send it (gotcha 14). The portal knows no doubles,
so the letter bears an id of ours, and is looked for by it before it is made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from connector.domain.bbcode import escape
from connector.domain.effects import Call, Fetch, Plan
from connector.domain.values import File, StoredFile
from connector.errors import PermanentError
from connector.handlers.case import Case, Place, fetched
from connector.handlers.fields import digest
from connector.handlers.finding import SYSTEM
from connector.handlers.once import Made, bearer, first, once, text_of
from connector.speech import Text
from mappings.outcome import Making

_EMAIL, _INCOMING = 4, 1  # TYPE_ID, DIRECTION
_BBCODE = 2  # DESCRIPTION_TYPE is CCrmContentType of the portal's crm module: PlainText 1, BBCode 2, Html 3
_ADDRESSED = ("contact", "company", "lead")
NO_LETTER = Text(
    "Rule {rule} keeps a letter in the CRM, and this message did not come by mail: it was left out. Say "
    "`when: event.letter` in the rule.",
    "Правило {rule} сохраняет письмо в CRM, а это сообщение пришло не по почте: пропущено. Добавьте в правило "
    "`when: event.letter`.",
)
NO_SUBJECT = Text("Letter without a subject", "Письмо без темы")
ENCLOSED = 10 * 1024 * 1024  # bytes of files that go into the card; what finds no room is a link, which expires
FILES = Text("Files:", "Файлы:")
THE_LETTER = Text("the whole letter", "письмо целиком")


def filed(case: Case, making: Making) -> Plan:
    """The letter, in the card of the row that the rule names."""
    letter = case.about.get("letter")
    if not letter:
        case.notes.append(NO_LETTER.with_(rule=making.name).say(case.language))
        return
    for place, number in bearer(case, making):
        yield from once(case, (yield from _activity(case, making, letter, place, number)))


def _activity(case: Case, making: Making, letter: Mapping[str, Any], place: Place, number: int) -> Plan:
    subject = text_of(making, "subject") or letter.get("subject") or NO_SUBJECT.say(case.language)
    text = text_of(making, "text") or str(case.about.get("text") or "")
    owner = making.fields.get("owner")
    said = {"SUBJECT": subject, **({"RESPONSIBLE_ID": owner} if owner else {})}
    files, links = yield from _brought(case, letter)
    written = {"DESCRIPTION": text + links, "DESCRIPTION_TYPE": _BBCODE}
    origin = f"{str(case.about['message_id'])[:150]}:{digest([case.identity, making.name])}"
    at = {"START_TIME": case.at.isoformat(timespec="seconds")} if case.at else {}
    fields = {
        "OWNER_TYPE_ID": place.type_id,
        "OWNER_ID": number,
        "TYPE_ID": _EMAIL,
        "DIRECTION": _INCOMING,
        "COMPLETED": "Y" if making.fields.get("done") else "N",
        **said,
        **written,
        **({} if owner else (yield from _in_charge(case, place, number))),
        **({**at, "END_TIME": at["START_TIME"]} if at else {}),
        "COMMUNICATIONS": [_communication(case, letter, place, number)],
        "ORIGINATOR_ID": SYSTEM,
        "ORIGIN_ID": origin,
    }
    return Made(
        name=making.name,
        add=("crm.activity.add", {"fields": fields}),
        change=("crm.activity.update", {"fields": {**said, **written}}),
        id_name="id",
        seen=partial(_seen, origin),
        says=[said, text],  # links are new ones each time
        files=files,
    )


def _communication(case: Case, letter: Mapping[str, Any], place: Place, number: int) -> dict[str, Any]:
    """With whom: whoever of this event has addresses at all, else the row itself."""
    address = letter.get("from_address") or case.about["client"].get("email") or ""
    people = ((each, case.ids[each]) for entity in _ADDRESSED for each in case.ids if each.entity == entity)
    whose, known_as = (place, number) if place.entity in _ADDRESSED else next(people, (place, number))
    return {"TYPE": "EMAIL", "VALUE": address, "ENTITY_TYPE_ID": whose.type_id, "ENTITY_ID": known_as}


def _in_charge(case: Case, place: Place, number: int) -> Plan:
    """Whoever is responsible for the row; the method wants somebody."""
    item = (yield from fetched(case, place.type_id, number)) or {}
    return {"RESPONSIBLE_ID": int(item["assignedById"])} if item.get("assignedById") else {}


def _brought(case: Case, letter: Mapping[str, Any]) -> Plan:
    """``(what goes into the card, BBCode of the rest)`` of the files of the letter and of the letter itself: links to
    us for what finds no room, and only the names of what is gone."""
    original = letter.get("original")
    files = [*_files(case.about.get("files") or ()), *_files([original] if original else ())]
    within: list[StoredFile] = []
    lines: list[str] = []
    for file in files:
        name = file.name or (THE_LETTER.say(case.language) if file is files[-1] and original else file.kind)
        try:
            stored: StoredFile = yield Fetch(file=file, origin=f"account:{case.about['account']}")
        except PermanentError:
            lines.append(escape(name))
            continue
        if sum(each.size for each in (*within, stored)) <= ENCLOSED:
            within.append(stored)
        else:
            lines.append(f"[URL={stored.url}]{escape(name)}[/URL]")
    said = "\n\n" + "\n".join([FILES.say(case.language), *lines]) if lines else ""
    return tuple(within), said


def _files(given: Sequence[Mapping[str, Any]]) -> list[File]:
    return [File(**file) for file in given]


def _seen(origin: str) -> Plan:
    """Proof of a letter: its id of ours."""
    filters = {"ORIGINATOR_ID": SYSTEM, "ORIGIN_ID": origin}
    rows = yield Call("crm.activity.list", {"filter": filters, "order": {"ID": "DESC"}, "select": ["ID", "ORIGIN_ID"]})
    return first(rows, lambda row: row.get("ORIGIN_ID") == origin)
