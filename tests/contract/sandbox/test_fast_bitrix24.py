"""fast_bitrix24 at the sandbox: lists, single calls, batches, tokens and errors.

It takes any URL, so the sandbox's own is enough. ``operating`` is accumulated by Bitrix24 while the library adds it up
as if per call, so its operating limit is set out of reach.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientResponseError
from fast_bitrix24 import BitrixAsync
from fast_bitrix24.server_response import ErrorInServerResponseException

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller

FAR = 10**9


def client(url: str, **options: Any) -> BitrixAsync:
    return BitrixAsync(
        url, verbose=False, request_pool_size=FAR, requests_per_second=1e6, operating_time_limit=FAR, **options
    )


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        return await asyncio.wait_for(work(), 30)

    return asyncio.run(main())


def test_it_gets_all_pages(sandbox: SandboxServer) -> None:
    sandbox.seed("contact", 120)
    rows = run(lambda: client(sandbox.webhook_url()).get_all("crm.contact.list", {"select": ["ID"]}))
    assert sorted(int(row["ID"]) for row in rows) == list(range(1, 121))


def test_it_gets_rows_by_id_in_batches(sandbox: SandboxServer) -> None:
    sandbox.seed("contact", 60)
    rows = run(lambda: client(sandbox.webhook_url()).get_by_ID("crm.contact.get", list(range(1, 61))))
    assert {row["NAME"] for row in rows.values()} == {f"Name {number}" for number in range(1, 61)}


def test_it_writes_many_rows_in_batches_of_fifty(sandbox: SandboxServer) -> None:
    rows = [{"fields": {"NAME": f"N{number}"}} for number in range(60)]
    numbers = run(lambda: client(sandbox.webhook_url()).call("crm.contact.add", rows))
    assert sorted(numbers) == list(range(1, 61))
    assert len(sandbox.calls(method="batch")) == 2


def test_a_raw_batch_tells_failures_from_results(sandbox: SandboxServer) -> None:
    commands = {"halt": 0, "cmd": {"a": "server.time", "b": "no.such"}}
    answer = run(lambda: client(sandbox.webhook_url()).call("batch", commands, raw=True))
    assert set(answer["result"]["result"]) == {"a"}
    assert answer["result"]["result_error"]["b"]["error"] == "ERROR_METHOD_NOT_FOUND"


def test_one_bad_command_fails_its_whole_call(sandbox: SandboxServer) -> None:
    sandbox.seed("contact", 1)
    with pytest.raises(ErrorInServerResponseException):
        run(lambda: client(sandbox.webhook_url()).call("crm.contact.get", [{"ID": 1}, {"ID": 99}]))


def test_it_asks_for_a_new_token_when_the_old_one_expired(app: Caller) -> None:
    tokens = ["ab" * 35, app.grant["access_token"]]

    async def next_token() -> str:
        return tokens.pop(0)

    answer = run(lambda: client(app.grant["client_endpoint"], token_func=next_token).call("profile", {}, raw=True))
    assert answer["result"]["ID"] == "1"
    assert tokens == []


def test_a_block_by_operating_time_is_an_http_error(sandbox: SandboxServer) -> None:
    sandbox.set_limits(operating_limit=1.0, seconds={"profile": 5.0})
    bitrix = client(sandbox.webhook_url())

    async def twice() -> None:
        await bitrix.call("profile", {}, raw=True)
        await bitrix.call("profile", {}, raw=True)

    with pytest.raises(ClientResponseError) as caught:
        run(twice)
    assert caught.value.status == 429


def test_it_is_kept_within_the_bucket_by_its_own_throttle() -> None:
    with SandboxServer(burst=40, per_second=20.0) as server:
        bitrix = BitrixAsync(
            server.webhook_url(),
            verbose=False,
            request_pool_size=10,
            requests_per_second=20.0,
            operating_time_limit=FAR,
        )

        async def many() -> None:
            for _ in range(25):
                await bitrix.call("server.time", {}, raw=True)

        began = time.monotonic()
        run(many)
        assert time.monotonic() - began > 0.4
        assert server.counters()["errors"] == {}


def test_it_writes_and_reads_items_under_their_original_names() -> None:
    field = {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_WORDS", "userTypeId": "string", "multiple": "Y"}
    with SandboxServer(burst=0, contents={"fields": [field]}) as server:
        bitrix = client(server.webhook_url())
        rows = [
            {"entityTypeId": 3, "useOriginalUfNames": "Y", "fields": {"name": f"N{number}", "UF_CRM_WORDS": ["a", "б"]}}
            for number in range(60)
        ]
        made = run(lambda: bitrix.call("crm.item.add", rows))
        assert {tuple(item["UF_CRM_WORDS"]) for item in made} == {("a", "б")}
        asked = {"entityTypeId": 3, "filter": {"=ufCrmWords": "б"}, "select": ["id", "ufCrmWords"]}
        found = run(lambda: bitrix.get_all("crm.item.list", asked))
        assert sorted(item["id"] for item in found) == list(range(1, 61))


def test_a_timeline_is_written_in_a_batch(sandbox: SandboxServer) -> None:
    sandbox.seed("deal", 1)
    comments = [
        {"fields": {"ENTITY_ID": 1, "ENTITY_TYPE": "deal", "COMMENT": f"[b]№{number}[/b] & co"}} for number in range(3)
    ]
    numbers = run(lambda: client(sandbox.webhook_url()).call("crm.timeline.comment.add", comments))
    assert len(set(numbers)) == 3
    asked = {"filter": {"ENTITY_ID": 1, "ENTITY_TYPE": "deal"}}
    rows = run(lambda: client(sandbox.webhook_url()).get_all("crm.timeline.comment.list", asked))
    assert {row["COMMENT"] for row in rows} == {f"[b]№{number}[/b] & co" for number in range(3)}
