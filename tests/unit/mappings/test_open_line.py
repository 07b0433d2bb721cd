"""A client's message reads well and identically each time in Open Lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.open_line import TEXT_LIMIT, open_line_items
from mappings.people import e164, user_block


def event(**more: Any) -> dict[str, Any]:
    return {"account": "shop", "conversation": "7", "message_id": "55", "client": {"id": "7"}, "text": "Hi"} | more


def text_of(items: list[dict[str, Any]]) -> str:
    return "\n".join(item["message"].get("text", "") for item in items)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"quote": "one\ntwo"}, ">>one\n>>two\nHi"),
        ({"forwarded_from": "Oleg"}, "[i]Переслано от Oleg[/i]\nHi"),
        ({"contact": {"name": "Anna", "phone": "+7900", "own": True}}, "Hi\nКонтакт: Anna +7900 (свой номер)"),
        (
            {"text": "", "location": {"latitude": 55.75, "longitude": 37.61, "title": "Kremlin", "address": ""}},
            "Местоположение: Kremlin https://maps.google.com/?q=55.75,37.61",
        ),
    ],
)
def test_what_the_client_added_stands_in_the_text(more: dict[str, Any], expected: str) -> None:
    assert text_of(open_line_items(event(**more), [], slug="telegram", language="ru")) == expected


def test_notes_follow_the_clients_words() -> None:
    items = open_line_items(event(), [], slug="telegram", language="en", notes=["[lost]"])
    assert text_of(items) == "Hi\n[lost]"


def test_files_ride_with_the_last_part() -> None:
    files = [{"url": "https://hub/m", "name": "a.pdf"}]
    items = open_line_items(event(text="x " * TEXT_LIMIT), files, slug="telegram", language="en")
    assert len(items) > 1
    assert [item["message"].get("files") for item in items] == [None] * (len(items) - 1) + [files]


@given(st.text(max_size=60_000))
def test_no_part_is_longer_than_the_portal_keeps_and_no_word_is_lost(text: str) -> None:
    items = open_line_items(event(text=text), [], slug="telegram", language="en")
    assert all(len(item["message"].get("text", "")) <= TEXT_LIMIT for item in items)
    assert "".join(text.split()) == "".join(text_of(items).split())


@pytest.mark.parametrize(
    ("number", "expected"),
    [("8 (900) 111-22-33", "+79001112233"), ("+49 30 1234567", "+49301234567"), ("call me", ""), ("", ""), ("12", "")],
)
def test_numbers_are_e164_or_nothing(number: str, expected: str) -> None:
    assert e164(number) == expected


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ({"first_name": "Анна 🌸", "last_name": "O'Neil-Smith"}, {"name": "Анна", "last_name": "O'Neil-Smith"}),
        ({"first_name": "", "last_name": "Ли"}, {"name": "Ли"}),
        ({"first_name": "", "username": "neo"}, {"name": "neo"}),
        ({"first_name": "A" * 60}, {"name": "A" * 25}),
        ({"email": "a b@c", "phone": "123"}, {}),
        ({"email": " a@b.ru "}, {"email": "a@b.ru"}),
    ],
)
def test_doubtful_client_data_is_left_out(client: dict[str, str], expected: dict[str, str]) -> None:
    assert user_block({"id": "7", **client}, slug="telegram") == {"id": "telegram.7", **expected}


def test_no_pipe_reaches_an_external_id() -> None:
    [item] = open_line_items(event(conversation="a|b", client={"id": "x|y"}), [], slug="generic", language="en")
    assert "|" not in item["chat"]["id"] + item["user"]["id"]
