"""Who may tell us of calls: every PBX proves itself, and nothing that is almost right is let in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.domain.provider import Provider
from connector.domain.request import Request
from connector.domain.telephony import PbxSettings
from connector.errors import Refused
from tests.contract.providers.pbxs import (
    MEANT,
    POSTING,
    PROVED,
    REFUSED,
    assert_no_secret,
    named,
    proof,
    recorded,
    secrets_of,
    settings_for,
    telephony,
)
from tests.contract.providers.recorded import FOLDERS, account


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


# A token proves who a PBX is, a signature what it says too.
SIGNED = [(provider, path) for provider, path in PROVED if proof(provider).tampered(recorded(path)) is not None]


@pytest.mark.parametrize(("provider", "path"), SIGNED, ids=named)
def test_a_signature_does_not_fit_another_body(provider: Provider, path: Path):
    tampered = proof(provider).tampered(recorded(path))
    assert tampered is not None
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
    assert refusal.value.status in (400, 401, 403, 405, 413, 415)
    assert_no_secret(provider, f"{refusal.value} {refusal.value.hint} {refusal.value.detail}", settings)


@pytest.mark.parametrize(("provider", "path"), REFUSED, ids=named)
def test_a_forged_unsigned_or_hostile_request_is_refused_with_a_reason(provider: Provider, path: Path):
    with pytest.raises(Refused) as refusal:
        telephony(provider).verify(recorded(path), account(provider))
    hostile = path.name.startswith("hostile__")
    assert refusal.value.status in ((400, 401, 405, 413, 415) if hostile else (401, 403))
    assert refusal.value.hint.en
    assert refusal.value.hint.ru
    assert refusal.value.hint.en != refusal.value.hint.ru


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


TYPES = ("application/json", "application/x-www-form-urlencoded", "application/xml", "text/plain", "")
NAMES = ("signature", "x-twilio-signature", "webhook-id", "webhook-timestamp", "webhook-signature", "x-api-key")
words = st.text(st.characters(max_codepoint=0x2FFF), max_size=30)
bodies = (
    st.binary(max_size=200)
    | words.map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.dictionaries(words, words | st.none() | st.lists(words)).map(lambda told: json.dumps(told).encode())
)


@st.composite
def strangers(draw: Callable[..., Any]) -> Request:
    """Any request at all, to an address below the hook of an account."""
    return Request(
        method=draw(st.sampled_from(("POST", "GET"))),
        path="/hooks/pbx/" + draw(st.text(st.characters(codec="latin-1"), max_size=20)),
        query=draw(st.text(st.characters(codec="ascii"), max_size=30)),
        headers={"content-type": draw(st.sampled_from(TYPES)), **draw(st.dictionaries(st.sampled_from(NAMES), words))},
        body=draw(bodies),
        received_at=datetime(2026, 1, 15, 12, tzinfo=UTC),
        remote=draw(st.sampled_from(("203.0.113.7", "::1", ""))),
    )


@pytest.mark.parametrize("provider", POSTING, ids=named)
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(request=strangers())
def test_a_stranger_is_refused_whatever_they_send_and_nothing_breaks(provider: Provider, request: Request):
    settings, role = account(provider), telephony(provider)
    assert 0 < len(role.dedupe_key(request, settings)) <= 4000
    try:
        greeting = role.handshake(request, settings) if role.handshake else None
    except Refused:
        return
    if greeting is None:
        assert_refused(provider, request, settings)


@hypothesis_settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(place=st.sampled_from(MEANT), at=st.floats(0, 1, exclude_max=True), put=st.binary(min_size=1, max_size=3))
def test_a_recorded_request_with_any_bytes_in_it_is_let_in_or_refused(place: Any, at: float, put: bytes):
    provider, path = place
    request = recorded(path)
    where = int(len(request.body) * at)
    odd = replace(request, body=request.body[:where] + put + request.body[where + len(put) :])
    assert telephony(provider).dedupe_key(odd, account(provider))
    refused = refusal_of(provider, odd)
    assert refused is None or refused.hint.en != refused.hint.ru
    if "*" in proof(provider).covers:
        assert refused or odd.body == request.body


def refusal_of(provider: Provider, request: Request) -> Refused | None:
    try:
        telephony(provider).verify(request, account(provider))
    except Refused as refusal:
        return refusal
    return None
