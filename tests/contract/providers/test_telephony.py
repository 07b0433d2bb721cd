"""What every PBX that posts to us must hold; providers are found through the registry.

Fixtures of a PBX, in ``connector/providers/<slug>/fixtures/``:

* ``account.json``, and ``proof.json`` (:class:`~tests.contract.providers.recorded.Proof`);
* ``<kind>__<variant>.http`` with its ``.events.json``; ``dialogue_<name>__<NN>.http`` are the requests of one call;
* ``forged__…``, ``unsigned__…``, ``hostile__…``: requests to be refused;
* ``golden__<name>.http`` with ``.account.json`` (what differs in the account): a published vector of the signature;
* ``handshake__<name>.http`` with ``.answer`` (the body that is expected): the PBX asks whether we are there.

A PBX that is a stream (``listen``) has recorded dialogues instead; its own contract test plays them.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connector.domain.calls import CALL_KINDS, AboutCall, CallEnded, CallRinging, CallStarted, LegEnded
from connector.domain.events import Event, dump, load
from connector.domain.provider import Provider
from connector.domain.request import Request
from connector.domain.telephony import Found, PbxSettings, Telephony
from connector.errors import Refused
from connector.registry import providers
from tests.contract.providers.recorded import (
    FOLDERS,
    account,
    fixtures,
    golden_account,
    meaning,
    parse_http,
    proof,
    telephony_fixtures,
)

PBXS = [provider for provider in providers().values() if provider.telephony]
POSTING = [provider for provider in PBXS if provider.telephony and provider.telephony.listen is None]
MEANT = telephony_fixtures()
PROVED = [*MEANT, *telephony_fixtures("golden__")]
FOUND = Found(phone="+79001112233", name='Иван "Ко"', user=7, extension="101")


def named(value: Any) -> str:
    return value.slug if isinstance(value, Provider) else value.stem if isinstance(value, Path) else str(value)


def telephony(provider: Provider) -> Telephony:
    assert provider.telephony is not None
    return provider.telephony


def recorded(path: Path) -> Request:
    return parse_http(path.read_bytes())


def settings_for(provider: Provider, path: Path) -> Any:
    return golden_account(provider, path) if path.name.startswith("golden__") else account(provider)


def told(provider: Provider, path: Path) -> list[Event]:
    return telephony(provider).parse(recorded(path), account(provider))


def calls(provider: Provider, path: Path) -> list[AboutCall]:
    return [event for event in told(provider, path) if isinstance(event, AboutCall)]


_watching: list[list[str]] = []


def _audit(name: str, _: object) -> None:
    if _watching and name.partition(".")[0] in ("open", "socket", "subprocess", "os", "shutil"):
        _watching[-1].append(name)


sys.addaudithook(_audit)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What is opened, asked or started meanwhile. An audit hook stays for good, so it looks only while asked to."""
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)


@pytest.mark.parametrize(("provider", "path"), MEANT, ids=named)
def test_a_recorded_request_verifies_and_means_what_its_file_says(provider: Provider, path: Path):
    request, settings = recorded(path), account(provider)
    telephony(provider).verify(request, settings)
    events = telephony(provider).parse(request, settings)
    assert [json.loads(dump(event)) for event in events] == meaning(path)
    assert [load(dump(event)) for event in events] == events


@pytest.mark.parametrize(("provider", "path"), MEANT, ids=named)
def test_reading_a_request_touches_nothing_outside(provider: Provider, path: Path):
    first = told(provider, path)  # what is imported or read once for all is there now
    request, settings = recorded(path), account(provider)
    with watched() as seen:
        telephony(provider).verify(request, settings)
        again = telephony(provider).parse(request, settings)
        telephony(provider).dedupe_key(request, settings)
    assert seen == []
    assert again == first


@pytest.mark.parametrize(("provider", "path"), telephony_fixtures(refused=True), ids=named)
def test_a_forged_unsigned_or_hostile_request_is_refused_with_a_reason(provider: Provider, path: Path):
    with pytest.raises(Refused) as refusal:
        telephony(provider).verify(recorded(path), account(provider))
    hostile = path.name.startswith("hostile__")
    assert refusal.value.status in ((400, 401, 405, 413, 415) if hostile else (401, 403))
    assert refusal.value.hint.en
    assert refusal.value.hint.ru
    assert refusal.value.hint.en != refusal.value.hint.ru


@pytest.mark.parametrize("provider", POSTING, ids=named)
def test_what_is_to_be_recorded_is_recorded(provider: Provider):
    names = [path.name.partition("__")[0] for path in fixtures(provider)]
    assert {"forged", "unsigned", "hostile"} <= set(names)
    assert any(name.startswith("dialogue_") for name in names)
    kinds = {event.kind for known, path in MEANT if known is provider for event in told(provider, path)}
    assert {"call.started", "call.answered", "call.ended", "ignored"} <= kinds


@pytest.mark.parametrize("provider", POSTING, ids=named)
def test_every_meaning_belongs_to_a_request(provider: Provider):
    folder = FOLDERS / provider.slug / "fixtures"
    meant = {path.name.removesuffix(".events.json") for path in folder.glob("*.events.json")}
    assert meant == {path.stem for known, path in MEANT if known is provider}


@pytest.mark.parametrize(("provider", "path"), MEANT, ids=named)
def test_events_are_as_handlers_expect_them(provider: Provider, path: Path):
    for event in calls(provider, path):
        assert event.kind in CALL_KINDS
        assert event.account == account(provider).account
        assert 0 < len(event.call) <= 200
        assert event.at.utcoffset() is not None
        assert len(event.lane) <= 400
        for number in (event.client, event.line, event.employee):
            assert not number.lower().startswith(("sip:", "tel:"))
            assert number == number.strip()
        if isinstance(event, CallEnded):
            assert event.talk is None or event.talk >= 0
            assert all(moment is None or moment.utcoffset() is not None for moment in moments(event))


def moments(event: CallEnded) -> tuple[Any, Any]:
    return event.started_at, event.answered_at


def dialogues() -> list[tuple[str, str]]:
    return sorted({(provider.slug, path.name.partition("__")[0]) for provider, path in telephony_fixtures("dialogue_")})


@pytest.mark.parametrize(("slug", "dialogue"), dialogues())
def test_the_requests_of_one_call_tell_of_one_call(slug: str, dialogue: str):
    provider = providers()[slug]
    paths = [path for path in fixtures(provider) if path.name.startswith(f"{dialogue}__")]
    events = [event for path in paths for event in calls(provider, path)]
    assert len({event.call for event in events}) == 1
    assert len({event.direction for event in events if event.direction}) == 1
    assert len({event.client for event in events if event.client}) <= 1
    assert isinstance(events[0], CallStarted | CallRinging)
    ended = [event for event in events if isinstance(event, CallEnded)]
    opened = {event.leg for event in events if isinstance(event, CallStarted) and event.leg}
    closed = {event.leg for event in events if isinstance(event, LegEnded) and event.leg}
    assert ended or (opened and opened == closed)
    assert len({telephony(provider).dedupe_key(recorded(path), account(provider)) for path in paths}) == len(paths)


@pytest.mark.parametrize(("provider", "path"), PROVED, ids=named)
def test_a_proof_that_is_not_exactly_right_is_refused(provider: Provider, path: Path):
    known, request, settings = proof(provider), recorded(path), settings_for(provider, path)
    telephony(provider).verify(request, settings)
    right = known.shown(request)
    assert right
    changed = ("B" if right[0] == "A" else "A") + right[1:]
    for wrong in (changed, right[:-1], f"{right}x", f"{right[:4]} {right[4:]}", f" x{right}", right.swapcase(), "ключ"):
        assert_refused(provider, known.replaced(request, wrong if wrong != right else "x"), settings)
    assert_refused(provider, known.replaced(request, ""), settings)
    assert_refused(provider, known.replaced(request, None), settings)


@pytest.mark.parametrize(("provider", "path"), PROVED, ids=named)
def test_a_signature_does_not_fit_another_body(provider: Provider, path: Path):
    tampered = proof(provider).tampered(recorded(path))
    if tampered is None:
        pytest.skip("this PBX proves who it is, not what it says")
    assert_refused(provider, tampered, settings_for(provider, path))


@pytest.mark.parametrize(("provider", "path"), PROVED, ids=named)
def test_a_body_that_is_no_text_is_refused_and_has_a_key(provider: Provider, path: Path):
    settings = settings_for(provider, path)
    for body in (b"\xff\xfe\x00", b"", b"\x00" * 10, "ключ=значение&я=\ud83d\ude00".encode("utf-8", "surrogatepass")):
        broken = replace(recorded(path), body=body)
        key = telephony(provider).dedupe_key(broken, settings)
        assert 0 < len(key) <= 400
        if not proof(provider).path and body != recorded(path).body:  # a GET has none
            assert_refused(provider, broken, settings)


def assert_refused(provider: Provider, request: Request, settings: Any) -> None:
    # A fresh copy: what a request was read as before is kept with it.
    with pytest.raises(Refused) as refusal:
        telephony(provider).verify(replace(request), settings)
    assert refusal.value.status in (400, 401, 403, 413, 415)
    assert_no_secret(provider, f"{refusal.value} {refusal.value.hint} {refusal.value.detail}", settings)


@pytest.mark.parametrize(("provider", "path"), telephony_fixtures(refused=True), ids=named)
def test_a_dedupe_key_comes_even_from_a_request_that_cannot_be_read(provider: Provider, path: Path):
    key = telephony(provider).dedupe_key(recorded(path), account(provider))
    assert 0 < len(key) <= 400
    assert key == telephony(provider).dedupe_key(recorded(path), account(provider))


@pytest.mark.parametrize("provider", POSTING, ids=named)
def test_different_requests_have_different_dedupe_keys(provider: Provider):
    keys = defaultdict(list)
    for known, path in MEANT:
        if known is provider:
            keys[telephony(provider).dedupe_key(recorded(path), account(provider))].append(path.name)
    assert [names for names in keys.values() if len(names) > 1] == []


@pytest.mark.parametrize(("provider", "path"), telephony_fixtures("handshake__"), ids=named)
def test_a_pbx_that_asks_whether_we_are_there_is_answered(provider: Provider, path: Path):
    shake = telephony(provider).handshake
    assert shake is not None
    answer = shake(recorded(path), account(provider))
    assert answer is not None
    assert (answer.status, answer.body) == (200, path.with_suffix(".answer").read_bytes().removesuffix(b"\n"))


@pytest.mark.parametrize("provider", [known for known in POSTING if telephony(known).handshake], ids=named)
def test_what_tells_of_a_call_is_no_handshake(provider: Provider):
    shake = telephony(provider).handshake
    assert shake is not None
    assert [path for known, path in MEANT if known is provider and shake(recorded(path), account(provider))] == []


@pytest.mark.parametrize("provider", [known for known in POSTING if telephony(known).asks], ids=named)
def test_a_request_that_asks_for_a_route_gets_an_answer(provider: Provider):
    asks, tells = telephony(provider).asks, telephony(provider).tells
    assert asks is not None
    assert tells is not None
    asked = [asks(recorded(path), account(provider)) for known, path in MEANT if known is provider]
    assert any(asked)
    assert "" in asked
    for known in (None, FOUND, replace(FOUND, extension=""), replace(FOUND, name="")):
        answer = tells(known, account(provider))
        assert 200 <= answer.status < 300
        if known is not None and known.extension:
            assert known.extension in answer.body.decode()


def secrets_of(provider: Provider, settings: Any) -> list[str]:
    values = [getattr(settings, name) for name in proof(provider).secrets]
    flat = [each for value in values for each in (value if isinstance(value, tuple) else (value,))]
    assert all(isinstance(each, SecretStr) for each in flat)
    return [each.get_secret_value() for each in flat]


def assert_no_secret(provider: Provider, text: str, settings: Any) -> None:
    # The secrets of golden vectors are words such as "secret", which texts may well contain.
    assert [secret for secret in secrets_of(provider, settings) if len(secret) > 8 and secret in text] == []


@pytest.mark.parametrize("provider", POSTING, ids=named)
def test_the_secrets_of_an_account_are_not_seen(provider: Provider):
    settings = account(provider)
    assert isinstance(settings, PbxSettings)
    assert min(map(len, secrets_of(provider, settings))) > 8
    for text in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert_no_secret(provider, text, settings)


@pytest.mark.parametrize("provider", POSTING, ids=named)
def test_a_secret_that_is_empty_or_only_spaces_is_refused_with_what_to_do(provider: Provider):
    raw = json.loads((FOLDERS / provider.slug / "fixtures" / "account.json").read_bytes())
    for name in proof(provider).secrets:
        for empty in ("", "   ", "\n"):
            with pytest.raises(ValidationError) as mistake:
                provider.settings.model_validate(raw | {name: empty})
            (first, *_) = mistake.value.errors()
            assert first["loc"][0] == name
            assert len(first["ctx"]["error"].args) == 2, "raise ValueError(expected, hint), both Text"


def test_each_pbx_is_found_with_its_parts():
    for provider in PBXS:
        assert issubclass(provider.settings, PbxSettings)
        assert provider.title.ru
        assert provider.icon_svg.startswith("<svg")
        assert telephony(provider).listen or fixtures(provider), f"{provider.slug} has no recorded requests"
