"""A client's message as one ``MESSAGES[]`` item of ``imconnector.send.messages`` (facts/bitrix24-openlines.md §1.7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.people import user_block

TEXT_LIMIT = 19_900
_WORDS = {
    "en": {
        "forwarded": "Forwarded from {who}",
        "place": "Location",
        "contact": "Contact",
        "own": "own number",
        "page": "Page",
        "marks": "Came from",
    },
    "ru": {
        "forwarded": "Переслано от {who}",
        "place": "Местоположение",
        "contact": "Контакт",
        "own": "свой номер",
        "page": "Страница",
        "marks": "Откуда пришли",
    },
}


def open_line_items(
    event: Mapping[str, Any],
    files: Sequence[Mapping[str, Any]],
    *,
    slug: str,
    language: str,
    notes: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The items that carry ``event`` (a dumped ``MessageReceived``) in order, at least one.

    ``files`` have ``url`` and ``name``; ``notes`` are lines for the operator about what could not be brought.
    Text over 20,000 characters would be cut by the portal, so it goes on in items ``<id>.2``, ``<id>.3``, ….
    """
    parts = _split("\n".join([*_lines(event, language), *notes]))
    items = []
    for number, part in enumerate(parts, start=1):
        message: dict[str, Any] = {"id": event["message_id"] if number == 1 else f"{event['message_id']}.{number}"}
        if part:
            message["text"] = part
        if number == len(parts) and files:
            message["files"] = [{"url": file["url"], "name": file["name"]} for file in files]
        items.append(
            {"user": user_block(event["client"], slug=slug), "message": message, "chat": chat_block(event)},
        )
    return items


def chat_block(event: Mapping[str, Any]) -> dict[str, Any]:
    """The ``chat`` of a conversation: stable, namespaced by account, without ``|`` (§0.2)."""
    return {"id": chat_id(event["account"], event["conversation"])}


def chat_id(account: str, conversation: str) -> str:
    """The external chat id: ``<account>.<conversation>``."""
    return f"{account}.{conversation}".replace("|", "_")


def _lines(event: Mapping[str, Any], language: str) -> list[str]:
    words = _WORDS["ru" if language == "ru" else "en"]
    lines = list(_visit(event.get("page") or {}, words))
    letter = event.get("letter") or {}
    if letter.get("begins") and letter.get("subject"):
        lines.append(f"[b]{_literal(letter['subject'])}[/b]")
    if event.get("forwarded_from"):
        lines.append(f"[i]{words['forwarded'].format(who=event['forwarded_from'])}[/i]")
    if event.get("quote"):
        lines.extend(f">>{line}" for line in event["quote"].splitlines())
    if event.get("text"):
        lines.append(event["text"])
    if place := event.get("location"):
        where = ", ".join(part for part in (place.get("title"), place.get("address")) if part)
        link = f"https://maps.google.com/?q={place['latitude']},{place['longitude']}"
        lines.append(f"{words['place']}: {where} {link}".replace("  ", " "))
    if contact := event.get("contact"):
        own = f" ({words['own']})" if contact.get("own") else ""
        lines.append(f"{words['contact']}: {contact['name']} {contact['phone']}{own}")
    return lines


def _visit(page: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    """The page of the site and its UTM marks, above the message; only told when they are news."""
    if url := page.get("url"):
        title = _literal(page.get("title") or "")
        link = f"[url={url}]{title}[/url]" if title else f"[url]{url}[/url]"
        yield f"[i]{words['page']}: {link}[/i]"
    if marks := page.get("marks"):
        yield f"[i]{words['marks']}: {', '.join(f'utm_{name}={_literal(str(marks[name]))}' for name in marks)}[/i]"


def _literal(text: str) -> str:
    """Words of a site that must not read as BBCode: a page's title is written by whoever made the page."""
    return text.replace("[", "(").replace("]", ")").replace("\n", " ").strip()


def _split(text: str) -> list[str]:
    parts = []
    while len(text) > TEXT_LIMIT:
        cut = max(text.rfind("\n", 0, TEXT_LIMIT), text.rfind(" ", 0, TEXT_LIMIT))
        cut = cut if cut > 0 else TEXT_LIMIT
        parts.append(text[:cut])
        text = text[cut:].lstrip()
    return [*parts, text]
