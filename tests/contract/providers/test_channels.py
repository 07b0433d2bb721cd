"""What every channel provider must hold; providers are found through the registry."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.domain.effects import Acknowledge, Delete, Edit, Send
from connector.domain.events import ButtonPressed, MessageEdited, MessageReceived, dump, load
from connector.domain.provider import Channel, Outgoing, Provider
from connector.domain.request import Request
from connector.domain.values import FileKind, Receipt
from connector.errors import PermanentError, Refused
from connector.providers.forms import fields
from connector.registry import providers
from tests.contract.providers.recorded import (
    FOLDERS,
    Wire,
    account,
    channel_fixtures,
    fixtures,
    kept,
    meaning,
    parse_http,
    stand,
    upload,
)

CHANNELS = [provider for provider in providers().values() if provider.channel]
POSTING = [provider for provider in CHANNELS if provider.channel.listen is None]  # the others have recorded dialogues
TALKING = [provider for provider in CHANNELS if provider.standin]
CHAT = "700100"
MIMES: dict[FileKind, tuple[str, str]] = {
    "image": ("photo.png", "image/png"),
    "voice": ("voice.ogg", "audio/ogg"),
    "audio": ("song.mp3", "audio/mpeg"),
    "video": ("clip.mp4", "video/mp4"),
    "document": ("price.pdf", "application/pdf"),
    "sticker": ("sticker.webp", "image/webp"),
}


def named(value: Any) -> str:
    return value.slug if isinstance(value, Provider) else value.stem if isinstance(value, Path) else str(value)


def channel(provider: Provider) -> Channel:
    assert provider.channel is not None
    return provider.channel


def send(provider: Provider, settings: Any, wire: Wire, text: str = "", **parts: Any) -> Receipt:
    command = Send(account="demo", conversation=CHAT, text=text)
    key = parts.pop("idempotency_key", f"out:{text}")
    return channel(provider).send(Outgoing(command=command, idempotency_key=key, **parts), settings, wire)


@pytest.mark.parametrize(("provider", "path"), channel_fixtures(refused=False), ids=named)
def test_a_recorded_request_verifies_and_means_what_its_file_says(provider: Provider, path: Path):
    request, settings = parse_http(path.read_bytes()), account(provider)
    channel(provider).verify(request, settings)
    events = channel(provider).parse(kept(channel(provider), request, settings), settings)
    assert [json.loads(dump(event)) for event in events] == meaning(path)
    assert [load(dump(event)) for event in events] == events


@pytest.mark.parametrize(("provider", "path"), channel_fixtures(refused=True), ids=named)
def test_a_forged_unsigned_or_hostile_request_is_refused_with_a_reason(provider: Provider, path: Path):
    with pytest.raises(Refused) as refusal:
        channel(provider).verify(parse_http(path.read_bytes()), account(provider))
    authentic = path.name.startswith("hostile__")
    assert refusal.value.status in ((400, 401, 405, 415) if authentic else (401, 403))
    assert refusal.value.hint.en
    assert refusal.value.hint.ru


@pytest.mark.parametrize("provider", POSTING, ids=named)
def test_a_forged_and_an_unsigned_request_are_recorded(provider: Provider):
    kinds = {path.name.partition("__")[0] for path in fixtures(provider)}
    assert {"forged", "unsigned", "hostile", "message"} <= kinds


@pytest.mark.parametrize("provider", POSTING, ids=named)
def test_every_meaning_belongs_to_a_request(provider: Provider):
    folder = fixtures(provider)[0].parent
    meant = {path.name.removesuffix(".events.json") for path in folder.glob("*.events.json")}
    assert meant <= {path.stem for path in fixtures(provider)}


@pytest.mark.parametrize(("provider", "path"), channel_fixtures(refused=False), ids=named)
def test_one_changed_byte_in_the_secret_is_refused(provider: Provider, path: Path):
    request = parse_http(path.read_bytes())
    proof = next((name for name in request.headers if re.search("secret|signature|authorization", name)), "")
    value = request.headers[proof] if proof else fields(request)["signature"].decode()
    flipped = value[:-6] + ("A" if value[-6] != "A" else "B") + value[-5:]
    for wrong in (flipped, "", f" {value}x", "ключ"):
        told = {"headers": {**request.headers, proof: wrong}} if proof else {"body": in_body(request, value, wrong)}
        with pytest.raises(Refused):
            channel(provider).verify(replace(request, **told), account(provider))


def in_body(request: Request, value: str, wrong: str) -> bytes:
    """The body of a form whose field, and no header, is the proof."""
    return request.body.replace(value.encode(), wrong.encode())


@pytest.mark.parametrize(("provider", "path"), channel_fixtures(refused=True), ids=named)
def test_a_dedupe_key_comes_even_from_a_request_that_cannot_be_read(provider: Provider, path: Path):
    request = parse_http(path.read_bytes())
    key = channel(provider).dedupe_key(request, account(provider)) or request.digest()
    assert 0 < len(key) <= 255
    assert key == (channel(provider).dedupe_key(request, account(provider)) or request.digest())


@pytest.mark.parametrize("provider", CHANNELS, ids=named)
def test_different_requests_have_different_dedupe_keys(provider: Provider):
    requests = [parse_http(path.read_bytes()) for known, path in channel_fixtures(refused=False) if known is provider]
    read = [kept(channel(provider), request, account(provider)) for request in requests]
    assert len({channel(provider).dedupe_key(request, account(provider)) for request in read}) == len(requests)


@pytest.mark.parametrize("provider", TALKING, ids=named)
def test_what_the_stand_in_says_verifies_and_parses(provider: Provider):
    settings, standin, _ = stand(provider)
    request = standin.say(CHAT, "Здравствуйте, [b]есть[/b] размер 42?")
    channel(provider).verify(request, settings)
    (event,) = channel(provider).parse(request, settings)
    assert isinstance(event, MessageReceived)
    assert (event.account, event.conversation) == ("demo", CHAT)
    assert event.text.replace("\u200b", "") == "Здравствуйте, [b]есть[/b] размер 42?"
    assert "[b]" not in event.text
    assert event.client.id


@pytest.mark.parametrize("provider", TALKING, ids=named)
def test_a_client_changes_a_message(provider: Provider):
    settings, standin, _ = stand(provider)
    said = standin.say(CHAT, "размер 42")
    (first,) = channel(provider).parse(said, settings)
    edited = standin.edit(said, "размер 43")
    assert edited is not None
    channel(provider).verify(edited, settings)
    (event,) = channel(provider).parse(edited, settings)
    assert isinstance(first, MessageReceived)
    assert isinstance(event, MessageEdited)
    assert (event.message_id, event.text) == (first.message_id, "размер 43")
    assert channel(provider).dedupe_key(edited, settings) != channel(provider).dedupe_key(said, settings)


@pytest.mark.parametrize("provider", TALKING, ids=named)
def test_a_stranger_is_refused(provider: Provider):
    settings, standin, _ = stand(provider)
    with pytest.raises(Refused) as refusal:
        channel(provider).verify(standin.forge(CHAT, "I am the bank"), settings)
    assert refusal.value.status in (401, 403)


@pytest.mark.parametrize("name", ["photo.png", "price list.pdf", "счёт.docx"])
@pytest.mark.parametrize("provider", TALKING, ids=named)
def test_a_file_of_a_client_is_found_and_downloaded_whole(provider: Provider, name: str):
    settings, standin, wire = stand(provider)
    content = b"\x00\r\n--boundary\xff" * 50
    request = standin.attach(CHAT, name, content, "вот")
    channel(provider).verify(request, settings)
    (event,) = channel(provider).parse(request, settings)
    assert isinstance(event, MessageReceived)
    assert event.text == "вот"
    (file,) = event.files
    assert file.size == len(content)
    source = channel(provider).locate(file, settings, wire)
    answer = wire.request("GET", source.url, headers=source.headers, timeout=1, allow_redirects=False)
    assert answer.content == content


@pytest.mark.parametrize("provider", TALKING, ids=named)
def test_a_reply_is_heard_then_changed_then_gone(provider: Provider):
    settings, standin, wire = stand(provider)
    first, second = send(provider, settings, wire, "Да, [b]есть[/b]"), send(provider, settings, wire, "Синий")
    assert standin.heard(CHAT) == ["Да, есть", "Синий"]
    assert len({*first.ids, *second.ids}) == 2
    edit = Edit(account="demo", conversation=CHAT, message_ids=first.ids, text="Да, [i]два[/i]")
    channel(provider).send(Outgoing(command=edit), settings, wire)
    assert standin.heard(CHAT) == ["Да, два", "Синий"]
    delete = Delete(account="demo", conversation=CHAT, message_ids=first.ids)
    channel(provider).send(Outgoing(command=delete), settings, wire)
    assert standin.heard(CHAT) == ["Синий"]


@pytest.mark.parametrize("provider", TALKING, ids=named)
def test_a_text_at_the_limit_goes_whole_and_one_over_it_in_parts(provider: Provider):
    limit = provider.capabilities.text or 4096
    settings, standin, wire = stand(provider)
    whole = send(provider, settings, wire, "ё" * limit)
    assert standin.heard(CHAT) == ["ё" * limit]
    assert len(whole.ids) == 1
    send(provider, settings, wire, "word " * limit)
    assert "".join(standin.heard(CHAT)[1:]).replace(" ", "") == "word" * limit


@pytest.mark.parametrize("provider", TALKING, ids=named)
def test_every_kind_of_file_that_is_claimed_is_heard(provider: Provider):
    assert provider.capabilities.files
    for kind in sorted(provider.capabilities.files):
        settings, standin, wire = stand(provider)
        name, mime = MIMES[kind]
        receipt = send(provider, settings, wire, "смотрите", uploads=(upload(name, b"\xffdata", kind, mime),))
        assert receipt.ids
        assert receipt.notes == ()
        assert standin.heard(CHAT) == ["смотрите", f"[{name}]"]


@pytest.mark.parametrize("provider", TALKING, ids=named)
def test_several_files_leave_in_their_order(provider: Provider):
    settings, standin, wire = stand(provider)
    files = tuple(upload(f"{number}.pdf", b"%PDF") for number in range(3))
    receipt = send(provider, settings, wire, "три", uploads=files)
    assert standin.heard(CHAT) == ["три", "[0.pdf]", "[1.pdf]", "[2.pdf]"]
    assert len(set(receipt.ids)) == len(receipt.ids)


@pytest.mark.parametrize("provider", TALKING, ids=named)
def test_a_refusal_says_why_in_both_languages(provider: Provider):
    settings, standin, wire = stand(provider)
    standin.refuse_next()
    with pytest.raises(PermanentError) as refusal:
        send(provider, settings, wire, "нет")
    assert refusal.value.cause.startswith(f"{provider.slug}.")
    assert refusal.value.hint.en
    assert refusal.value.hint.ru != refusal.value.hint.en
    assert standin.heard(CHAT) == []
    send(provider, settings, wire, "да")
    assert standin.heard(CHAT) == ["да"]


@pytest.mark.parametrize("provider", [one for one in TALKING if one.capabilities.buttons], ids=named)
def test_a_press_on_a_button_is_read_and_acknowledged(provider: Provider):
    presses = [
        event
        for known, path in channel_fixtures(refused=False)
        if known is provider
        for event in channel(provider).parse(parse_http(path.read_bytes()), account(provider))
        if isinstance(event, ButtonPressed)
    ]
    assert presses
    settings, _, wire = stand(provider)
    command = Acknowledge(account="demo", conversation=CHAT, press_id=presses[0].press_id)
    assert channel(provider).send(Outgoing(command=command), settings, wire) == Receipt()
    assert len(wire.seen) == 1


@pytest.mark.parametrize("provider", TALKING, ids=named)
def test_looking_at_a_healthy_account_finds_nothing_bad(provider: Provider):
    settings, _, wire = stand(provider)
    hook = "https://connector.example/hooks/demo"
    if provider.connect:
        assert {finding.state for finding in provider.connect(settings, hook, wire)} == {"ok"}
    assert provider.check is not None
    findings = provider.check(settings, hook, wire)
    assert {finding.state for finding in findings} == {"ok"}
    assert all(finding.what.ru for finding in findings)


@pytest.mark.parametrize("provider", CHANNELS, ids=named)
def test_no_secret_is_in_the_text_of_an_account(provider: Provider):
    raw = json.loads((FOLDERS / provider.slug / "fixtures" / "account.json").read_text(encoding="utf-8"))
    shown = repr(account(provider)) + str(account(provider))
    for name in ("token", "secret"):
        assert name not in raw or str(raw[name]) not in shown
