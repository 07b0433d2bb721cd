"""What every PBX that posts to us must hold; providers are found through the registry.

Fixtures of a PBX, in ``connector/providers/<slug>/fixtures/``:

* ``account.json``, and ``proof.json`` (:class:`~tests.contract.providers.pbxs.Proof`);
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

from connector.domain.calls import CALL_KINDS, CallEnded
from connector.domain.events import dump, load
from connector.domain.provider import Provider
from connector.domain.telephony import Found, PbxSettings
from tests.contract.providers.pbxs import (
    MEANT,
    PBXS,
    POSTING,
    REFUSED,
    calls,
    named,
    recorded,
    telephony,
    telephony_fixtures,
    told,
)
from tests.contract.providers.recorded import FOLDERS, account, fixtures, meaning

FOUND = Found(phone="+79001112233", name='Иван "Ко"', user=7, extension="101")
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


@pytest.mark.parametrize("provider", POSTING, ids=named)
def test_what_is_to_be_recorded_is_recorded(provider: Provider):
    names = [path.name.partition("__")[0] for path in fixtures(provider)]
    assert {"forged", "unsigned", "hostile"} <= set(names)
    assert any(name.startswith("dialogue_") for name in names)
    kinds = {event.kind for known, path in MEANT if known is provider for event in told(provider, path)}
    assert {"call.started", "call.answered", "ignored"} <= kinds
    assert kinds & {"call.ended", "call.leg_ended"}


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


@pytest.mark.parametrize(("provider", "path"), REFUSED, ids=named)
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


def test_each_pbx_is_found_with_its_parts():
    for provider in PBXS:
        assert issubclass(provider.settings, PbxSettings)
        assert provider.title.ru
        assert provider.icon_svg.startswith("<svg")
        assert telephony(provider).listen or fixtures(provider), f"{provider.slug} has no recorded requests"
