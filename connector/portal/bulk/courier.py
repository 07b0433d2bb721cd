"""How bulk requests travel: fast_bitrix24 over one aiohttp session, with all that it does by itself out of the way.

The library brings calls to the wire; its throttles, retries and reading of errors are not wanted (facts/measurements.md
§2, findings 1-12): the budget is spent before a request reaches this room, the answer is judged after it. A middleware
takes every answer as it came and sees to it that a request which was granted once leaves once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
import requests
from fast_bitrix24 import BitrixAsync

from connector.errors import ConnectorError
from connector.portal.answers import Answer
from connector.portal.transport import CONNECT_SECONDS, LARGEST_ANSWER, USER_AGENT, network_fault, to_json

_FAR = 10**9
_IDLE_SECONDS = 10.0
_TROUBLE = (aiohttp.ClientError, OSError, TimeoutError)
# Refused, unresolved, unconnected: nothing was sent. A broken certificate is one of them and is named by its own hint.
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)

Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


@dataclass(kw_only=True)
class _Slip:
    """The permit of one request, and what came of it."""

    request_id: str
    used: bool = False
    answer: Answer | None = None
    fault: ConnectorError | None = None


class _SettledError(Exception):
    """The slip says what came; nothing is left for the library to read, to wait for or to try again."""


_SLIP: ContextVar[_Slip] = ContextVar("bulk_slip")


class Courier:
    """Posts like :class:`~connector.portal.transport.Transport`, from an event loop in a thread of its own.

    Safe for threads, and usable where another event loop runs. Nothing is opened before the first post. ``timeout``
    are the seconds that one exchange may take; ``requests`` counts them.
    """

    def __init__(self, *, timeout: float) -> None:
        self._timeout, self.requests = timeout, 0
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._clients: dict[str, tuple[aiohttp.ClientSession, BitrixAsync]] = {}
        # The library logs the parameters of each call, and with them the token.
        logging.getLogger("fast_bitrix24").setLevel(logging.WARNING)

    def post(self, url: str, params: Mapping[str, Any], *, request_id: str = "") -> Answer:
        """POST ``params`` as JSON; ``url`` may be a credential and is never logged. Errors as in ``Transport.post``."""
        self.requests += 1
        root, _, method = url.rpartition("/")
        work = self._exchange(f"{root}/", method.removesuffix(".json"), params, request_id or uuid.uuid4().hex)
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            met = future.result()
        except BaseException:
            future.cancel()
            raise
        # Raised out here so that the library's exception, whose text holds the URL, is not chained to it.
        if isinstance(met, ConnectorError):
            raise met
        return met

    def close(self) -> None:
        """End the session and the loop; requests under way are given up. May be called again."""
        with self._guard:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        try:
            asyncio.run_coroutine_threadsafe(self._end(), loop).result(CONNECT_SECONDS)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(CONNECT_SECONDS)
            loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._guard:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="bulk", daemon=True)
                self._thread.start()
            return self._loop

    async def _exchange(
        self, root: str, method: str, params: Mapping[str, Any], request_id: str
    ) -> Answer | ConnectorError:
        slip = _Slip(request_id=request_id)
        _SLIP.set(slip)
        try:
            await self._client(root).call(method, dict(params), raw=True)
        except ConnectorError as wrong:
            return wrong
        except Exception:  # whatever the library thinks of an answer: it is on the slip, as it came
            if slip.answer is None and slip.fault is None:
                raise
        met = slip.fault or slip.answer
        if met is None:
            raise RuntimeError("fast_bitrix24 returned without a request")
        # asyncio keeps cancelled timers with their context until their time has come: the slip must not hold bodies.
        slip.answer = None
        return met

    async def _carry(self, request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        """The middleware: one permit, one request; what came is put down before the library sees it."""
        slip = _SLIP.get()
        if slip.used:
            raise _SettledError
        slip.used = True
        request.headers["X-Request-ID"] = slip.request_id
        began = time.monotonic()
        try:
            # Not aiohttp's own time-out: that one would fire outside of the middleware, and the library would repeat.
            async with asyncio.timeout(self._timeout):
                response = await handler(request)
                body = await _body(response)
        except _TROUBLE as trouble:
            slip.fault = network_fault(trouble, sent=not isinstance(trouble, _NEVER_SENT))
            raise _SettledError from None
        seconds = time.monotonic() - began
        location = response.headers.get("Location", "")
        slip.answer = Answer(status=response.status, body=body, location=location, seconds=seconds)
        if response.status != requests.codes.ok or response.content_type != "application/json":
            raise _SettledError
        return response

    def _client(self, root: str) -> BitrixAsync:
        """The library's client for one base URL; a renamed portal gets another (§1.6)."""
        if root not in self._clients:
            session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=_trust(), keepalive_timeout=_IDLE_SECONDS),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
                cookie_jar=aiohttp.DummyCookieJar(),
                json_serialize=lambda params: to_json(params).decode(),
                middlewares=(self._carry,),
                # Not trust_env: it reads .netrc too, and an Authorization header goes before our token (§1.2).
                proxy=requests.utils.select_proxy(root, requests.utils.get_environ_proxies(root)),
            )
            bitrix = BitrixAsync(
                root, client=session, verbose=False, respect_velocity_policy=True,
                request_pool_size=10**6, requests_per_second=1e6, operating_time_limit=_FAR,
            )  # fmt: skip
            self._clients[root] = (session, bitrix)
        return self._clients[root][1]

    async def _end(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        clients, self._clients = self._clients, {}
        for session, _ in clients.values():
            await session.close()


async def _body(response: aiohttp.ClientResponse) -> bytes:
    if (response.content_length or 0) > LARGEST_ANSWER:
        response.close()
        raise aiohttp.ClientPayloadError("answer too large")
    return await response.read()


def _trust() -> ssl.SSLContext:
    """This machine's authorities, and those that ``requests`` trusts: one certificate, one verdict on all paths."""
    context = ssl.create_default_context()
    with requests.Session() as session:
        chosen = session.merge_environment_settings("https://portal", {}, None, None, None)["verify"]
    kept = chosen if isinstance(chosen, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH
    context.load_verify_locations(**{"capath" if os.path.isdir(kept) else "cafile": kept})
    return context
