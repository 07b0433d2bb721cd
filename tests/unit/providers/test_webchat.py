"""The chat on the site: passes, settings, what is let in, and what goes into the conversation."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.domain.effects import Acknowledge, Delete, Edit, Send
from connector.domain.events import MessageReceived
from connector.domain.ports import Said
from connector.domain.provider import Outgoing
from connector.domain.request import Request
from connector.domain.values import Author, File, Page, StoredFile
from connector.errors import PermanentError, Refused
from connector.providers.webchat import inbound, outbound, passes, setup
from connector.providers.webchat.settings import WebchatSettings

SECRET, FORMER = "the newest secret of the site's chat", "the former secret of the site's chat"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def account(**changes: Any) -> WebchatSettings:
    given = {"account": "site", "provider": "webchat", "portal": "main", "secret": SECRET}
    return WebchatSettings.model_validate({**given, "origins": ["https://acme.example"], **changes})


SITE = account()
ANNA, BORIS = passes.new_visitor(), passes.new_visitor()
STORED = StoredFile(key="c" * 64, name="чек.png", mime="image/png", size=7, url="https://x", kind="image")


def request(body: Any, *, who: str = ANNA, **headers: str) -> Request:
    """A browser's request."""
    sent = {"content-type": "application/json", "authorization": f"Bearer {passes.issue(who, SITE)}", **headers}
    raw = json.dumps(body, ensure_ascii=False).encode()
    return Request(method="POST", path="/chat/site/messages", headers=sent, body=raw, received_at=NOW)


def message(**more: Any) -> dict[str, Any]:
    return {"id": "m" * 20, "text": "Есть?", **more}


def received(body: Any) -> MessageReceived:
    asked = request(body)
    inbound.verify(asked, SITE)
    [event] = inbound.parse(asked, SITE)
    assert isinstance(event, MessageReceived)
    return event


class Store:
    """Conversations in memory."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, Said, str]] = []
        self.texts: dict[str, str] = {}

    def say_in_chat(self, account: str, visitor: str, said: Said, *, key: str) -> str:
        self.said.append((account, visitor, said, key))
        return str(len(self.said))

    def edit_in_chat(self, account: str, visitor: str, message_id: str, text: str) -> bool:
        self.texts[message_id] = text
        return message_id != "gone"

    def delete_in_chat(self, account: str, visitor: str, message_ids: Collection[str]) -> None:
        self.texts.update(dict.fromkeys(message_ids, ""))


def send(store: Store, command: Any, key: str = "out:main:5:0") -> Any:
    return outbound.send(Outgoing(command=command, idempotency_key=key), SITE, store)


def test_a_pass_is_known_by_every_secret_of_the_account_and_by_no_other():
    old = account(secret=FORMER)
    rotated = account(secret=[SECRET, FORMER])
    assert passes.visitor_of(passes.issue(ANNA, SITE), SITE) == ANNA
    assert passes.visitor_of(passes.issue(ANNA, old), rotated) == ANNA
    assert passes.issue(ANNA, rotated) == passes.issue(ANNA, SITE)
    assert passes.visitor_of(passes.issue(ANNA, old), SITE) == ""
    assert passes.visitor_of(passes.issue(ANNA, account(account="desk")), SITE) == ""


@given(st.text(max_size=120))
def test_no_text_is_a_pass(text: str):
    assert passes.visitor_of(text, SITE) == ""
    assert passes.visitor_of(f"{ANNA}.{text}", SITE) == ""
    assert passes.visitor_of(passes.bearer(text), SITE) == ""


def test_a_visitor_id_is_only_what_we_made():
    """Even under a good signature: the id becomes part of ids in the portal."""
    assert passes.visitor_of(passes.issue("a|b", SITE), SITE) == ""


@given(st.text(max_size=60), st.integers(min_value=0), st.sampled_from(["image", "document", "video"]))
def test_an_uploaded_file_is_its_visitors_alone(name: str, size: int, kind: Any):
    name = name.encode(errors="replace").decode()
    stored = StoredFile(key="d" * 64, name=name, mime="a/b", size=size, url="", kind=kind)
    given = passes.file_id(ANNA, stored, SITE)
    assert passes.file_of(ANNA, given, SITE) == File(ref="d" * 64, name=name, mime="a/b", size=size, kind=kind)
    assert passes.file_of(BORIS, given, SITE) is None
    assert passes.file_of(ANNA, given[:-1] + ("A" if given[-1] != "A" else "Q"), SITE) is None
    assert passes.file_of(ANNA, "x" + given, SITE) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret", "short"),
        ("secret", []),
        ("secret", [SECRET] * 6),
        ("origins", ["*"]),
        ("origins", ["https://acme.example/path"]),
        ("origins", ["http://acme.example"]),
        ("origins", ["null"]),
        ("color", "red"),
        ("color", "#fff"),
        ("title", "x" * 61),
        ("greeting", "x" * 501),
    ],
)
def test_settings_that_would_not_do_are_told(name: str, value: Any):
    with pytest.raises(ValidationError) as told:
        account(**{name: value})
    assert SECRET not in str(told.value)


def test_origins_are_compared_as_browsers_write_them():
    assert account(origins=["https://ACME.example/", "http://127.0.0.1:8000"]).origins == (
        "https://acme.example",
        "http://127.0.0.1:8000",
    )


@pytest.mark.parametrize("origin", ["https://acme.example", "https://bridge.example", ""])
def test_the_sites_and_our_own_page_may_write(origin: str):
    inbound.verify(request(message(), host="bridge.example", origin=origin), SITE)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://acme.example:444", "https://bridge.example"]
)
def test_another_site_may_not(origin: str):
    with pytest.raises(Refused) as refused:
        inbound.verify(request(message(), origin=origin), SITE)
    assert refused.value.status == 403


def test_the_key_of_a_message_is_its_visitor_and_its_own_id():
    assert inbound.dedupe_key(request(message()), SITE) == f"{ANNA}:{'m' * 20}"
    assert inbound.dedupe_key(request(message(text="other")), SITE) == f"{ANNA}:{'m' * 20}"
    assert inbound.dedupe_key(request(message(), who=BORIS), SITE) == f"{BORIS}:{'m' * 20}"
    assert inbound.dedupe_key(request({"id": "5", "value": "like"}), SITE) == f"{ANNA}:rate:5"


def test_the_page_loses_what_opens_doors_and_never_stops_a_message():
    page = {"url": "https://acme.example/x?q=[1]#pass=secret", "title": " Цены\n и \u202eсроки ", "referrer": 5}
    event = received(message(page=page, utm={"source": "ya", "medium": "", "term": ["x"], "id": "7"}))
    assert event.page == Page(url="https://acme.example/x?q=%5B1%5D", title="Цены и сроки", marks={"source": "ya"})
    for odd in (
        "javascript:alert(1)",
        "https://user:pw@acme.example/",
        "https://a.example/\u202egpj",
        "https://[",
        "x" * 3000,
        None,
        7,
    ):
        assert received(message(page={"url": odd})).page == Page()


def test_a_rating_is_the_text_that_the_portal_takes_for_one():
    event = received({"id": "41", "value": "like", "comment": " спасибо "})
    assert (event.text, event.message_id, event.page) == ("1 спасибо", "rate.41", Page())
    assert received({"id": "41", "value": "dislike"}).text == "0"


def test_a_reply_stands_under_the_operators_name_and_without_it():
    store = Store()
    files = (STORED,)
    command = Send(
        account="site",
        conversation=ANNA,
        text="[b]Ann Lee:[/b] [br]Да",
        files=files,
        author=Author(id="main/27"),
    )
    assert send(store, command).ids == ("1",)
    assert store.said == [
        ("site", ANNA, Said(author=Author(id="main/27"), name="Ann Lee", text="Да", files=files), "out:main:5:0")
    ]


def test_words_of_the_system_are_left_as_they_are():
    store = Store()
    send(store, Send(account="site", conversation=ANNA, text="[b]Важно:[/b] [br]закрыто", author=Author(asks="301")))
    assert store.said[0][2] == Said(author=Author(asks="301"), text="[b]Важно:[/b] [br]закрыто")


def test_an_edit_loses_the_signature_too_and_one_of_nothing_parks():
    store = Store()
    edit = Edit(account="site", conversation=ANNA, message_ids=("3", "4"), text="[b]Ann:[/b][br]Нет")
    send(store, edit)
    assert store.texts == {"3": "Нет"}
    with pytest.raises(PermanentError) as parked:
        send(store, Edit(account="site", conversation=ANNA, message_ids=("gone",), text="x"))
    assert parked.value.cause == "webchat.no_message"
    send(store, Delete(account="site", conversation=ANNA, message_ids=("3", "4")))
    assert store.texts == {"3": "", "4": "", "gone": "x"}
    assert send(store, Acknowledge(account="site", conversation=ANNA, press_id="1")).ids == ()


def test_an_upload_lies_here_already():
    assert outbound.locate(File(ref="d" * 64, name="a"), SITE, object()).url == "kept:" + "d" * 64


def test_the_check_says_what_to_put_where():
    hook = "https://bridge.example/hooks/site"
    found = setup.check(SITE, hook, object())
    assert {finding.state for finding in found} == {"ok"}
    assert "https://bridge.example/chat/site/widget.js" in found[0].what.en
    warned = setup.check(account(origins=[], secret=[SECRET, FORMER]), hook, object())
    assert [finding.code for finding in warned if finding.state == "warn"] == ["webchat.origins", "webchat.secrets"]
    assert all(finding.hint and finding.hint.ru for finding in warned if finding.state == "warn")
