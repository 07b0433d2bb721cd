"""What else one could do with a backlog, each in a process of its own: ``python -m tests.bench.rivals NAME`` with the
portal on standard input as JSON. Says ``{"began": unix seconds}`` when the first message is about to leave, and ends
when the client thinks that all are there.

* ``b24pysdk``: a loop over the official SDK, which repeats a 503 by itself; when it gives up, a second's wait.
* ``fast_bitrix24``: ``call(method, list)``, as its documentation recommends.
* ``one_call_per_event``: four workers that each take an event, send it, and try again after a 503: in a second, then in
  two, four, at most eight. (Four that try each second would never get through: refused requests count too.)
"""

from __future__ import annotations

import asyncio
import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from b24pysdk.credentials import BitrixApp, BitrixToken
from b24pysdk.errors import BitrixAPIServiceUnavailable
from fast_bitrix24 import BitrixAsync

from tests.bench.strict_portal import BURST, CLIENT, SEND
from tests.bench.updates import TEXT

_WORKERS = 4
_TIMEOUT = 120

Said = Mapping[str, Any]
Item = dict[str, Any]


def requests_for(said: Said) -> list[Item]:
    """The calls' parameters, conversation by conversation, round after round: what ``drain.fill`` brings to ours."""
    conversations = said["conversations"]
    return [_params(said["connector"], 1 + number, number % conversations) for number in range(said["messages"])]


def _params(connector: str, number: int, person: int) -> Item:
    user = {"id": f"u{person}", "name": "Anna", "last_name": "Ivanova"}
    item = {"user": user, "message": {"id": str(number), "text": TEXT}, "chat": {"id": f"c{person}"}}
    return {"CONNECTOR": connector, "LINE": 1, "MESSAGES": [item]}


def b24pysdk(said: Said) -> None:
    """One message after another."""
    app = BitrixApp(**CLIENT)
    token = BitrixToken(
        domain=said["tls"], auth_token=said["access_token"], refresh_token="none", bitrix_app=app, expires=None
    )

    def call(method: str, params: Item) -> None:
        while True:
            try:
                token.call_method(method, params)
            except BitrixAPIServiceUnavailable:
                time.sleep(1)
            else:
                return

    if said["full"]:
        _fill(lambda: call("server.time", {}))
    _begin()
    for params in requests_for(said):
        call(SEND, params)


def fast_bitrix24(said: Said) -> None:
    """All at once, and the library deals them out to batches."""

    async def token() -> str:
        return str(said["access_token"])

    async def work() -> None:
        client = BitrixAsync(said["client_endpoint"], token_func=token, verbose=False)
        if said["full"]:
            await asyncio.gather(*(client.call("server.time", {}, raw=True) for _ in range(BURST)))
        _begin()
        await client.call(SEND, requests_for(said))

    asyncio.run(work())


def one_call_per_event(said: Said) -> None:
    """As a queue of jobs would do it."""
    waiting: queue.SimpleQueue[Item] = queue.SimpleQueue()
    for params in requests_for(said):
        waiting.put(params)
    local = threading.local()

    def call(method: str, params: Item) -> None:
        http = local.__dict__.setdefault("http", requests.Session())
        body = {**params, "auth": said["access_token"]}
        pause = 1
        while http.post(said["client_endpoint"] + method, json=body, timeout=_TIMEOUT).status_code == 503:
            time.sleep(pause)
            pause = min(2 * pause, 8)

    def job() -> None:
        while True:
            try:
                params = waiting.get_nowait()
            except queue.Empty:
                return
            call(SEND, params)

    if said["full"]:
        _fill(lambda: call("server.time", {}))
    _begin()
    with ThreadPoolExecutor(_WORKERS) as pool:
        for done in [pool.submit(job) for _ in range(_WORKERS)]:
            done.result()


RIVALS: Mapping[str, Callable[[Said], None]] = {
    "b24pysdk": b24pysdk,
    "fast_bitrix24": fast_bitrix24,
    "one_call_per_event": one_call_per_event,
}


def _fill(call: Callable[[], None]) -> None:
    """Spend the burst: inside it nobody waits."""
    with ThreadPoolExecutor(BURST) as pool:
        for done in [pool.submit(call) for _ in range(BURST)]:
            done.result()


def _begin() -> None:
    print(json.dumps({"began": time.time()}), flush=True)


if __name__ == "__main__":
    RIVALS[sys.argv[1]](json.load(sys.stdin))
