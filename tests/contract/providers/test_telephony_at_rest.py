"""What is kept of a PBX's request proves nobody: its secrets are neither in the journal nor in the spool."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
import requests

from connector.domain.provider import Provider
from connector.domain.request import Request
from connector.intake import Intake
from connector.journal import Journal, Vault, open_journal
from connector.journal.spool import Spool
from connector.routes import Account
from tests.contract.providers.pbxs import MEANT, assert_no_secret, named, proof, recorded, secrets_of, telephony
from tests.contract.providers.recorded import RECEIVED_AT, account

BEARING = [provider for provider in {each.slug: each for each, _ in MEANT}.values() if telephony(provider).secrets]
FORM, JSON = "application/x-www-form-urlencoded; charset=utf-8", "application/json"
#: Content type, body and what is left of it: $ is the field, ! the secret.
BODIES = (
    (FORM, "a=1&$=!&b=%7B%22x%22%3A1%7D", "a=1&$=***&b=%7B%22x%22%3A1%7D"),
    (FORM, "$=!", "$=***"),
    (FORM, "a=1&$=&$=!", "a=1&$=***&$=***"),
    (JSON, '{"$": "!", "note": "&$=1"}', '{"$": "***", "note": "&$=1"}'),
    (JSON, '{"a": [1], "$" :\n"!"}', '{"a": [1], "$" :\n"***"}'),
    (JSON, '{"$": "!", "name": "ООО "Ромашка""}', '{"$": "***", "name": "ООО "Ромашка""}'),
    (FORM, '{"$": "!", "link": "https://x?a=1&$=2"}', '{"$": "***", "link": "https://x?a=1&$=2"}'),
    (FORM, '\ufeff{"$":"!","name":"x"}', '\ufeff{"$":"***","name":"x"}'),
    (JSON, '{"a": "b", "$": "!', '{"a": "b", "$": "***"'),
)


@pytest.fixture
def journal(sqlite_url: str) -> Iterator[Journal]:
    journal = open_journal(sqlite_url, Vault(["k" * 40]))
    yield journal
    journal.close()


def house(provider: Provider, journal: Journal, folder: Path) -> tuple[Intake, Account]:
    known = Account(name="pbx", settings=account(provider), provider=provider, portal="main", http=requests.Session())
    return Intake(journal, Spool(folder), {"pbx": known}, lambda: RECEIVED_AT), known


def everything(folder: Path) -> str:
    """What lies in a folder, with what is encoded in it as well."""
    raw = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file()).decode("utf-8", "replace")
    return raw + unquote_plus(raw)


@pytest.mark.parametrize(("provider", "path"), MEANT, ids=named)
def test_no_secret_of_a_request_is_kept_and_it_can_be_read_again(
    provider: Provider, path: Path, journal: Journal, tmp_path: Path
):
    intake, known = house(provider, journal, tmp_path / "spool")
    envelope, deliveries = intake.read(known, recorded(path))
    assert intake.keep(replace(envelope, state="accepted"), deliveries)
    kept = journal.envelope(envelope.trace)
    assert kept.dedupe_key == (telephony(provider).dedupe_key(recorded(path), known.settings))[:400]
    parse = telephony(provider).parse
    assert parse(kept.request, known.settings) == parse(recorded(path), known.settings)
    assert_no_secret(provider, everything(tmp_path), known.settings)


@pytest.mark.parametrize(("provider", "path"), MEANT, ids=named)
def test_no_secret_of_a_request_is_in_the_spool(provider: Provider, path: Path, journal: Journal, tmp_path: Path):
    intake, known = house(provider, journal, tmp_path)
    Spool(tmp_path).append(*intake.read(known, recorded(path)))
    (line,) = (tmp_path / "spool.jsonl").read_bytes().splitlines()
    body = base64.b64decode(json.loads(line)["request"]["body"]).decode("utf-8", "replace")
    assert_no_secret(provider, f"{line!r}{body}{unquote_plus(body)}", known.settings)


@pytest.mark.parametrize(("kind", "body", "left"), BODIES)
@pytest.mark.parametrize("provider", BEARING, ids=named)
def test_a_secret_is_masked_in_any_body_and_nothing_else_is(provider: Provider, kind: str, body: str, left: str):
    secret, names = secrets_of(provider, account(provider))[0], telephony(provider).secrets
    sent = body.replace("$", names[0]).replace("!", secret).encode()
    request = Request(
        method="POST", path="/hooks/pbx", headers={"content-type": kind}, body=sent, received_at=RECEIVED_AT
    )
    masked = request.without(names)
    assert masked.body.decode() == left.replace("$", names[0])
    assert masked.without(names) == masked


def test_the_fields_that_prove_a_sender_are_masked_by_every_pbx_that_has_such():
    for provider in {each.slug: each for each, _ in MEANT}.values():
        known = proof(provider)
        assert not known.field or known.field in telephony(provider).secrets
