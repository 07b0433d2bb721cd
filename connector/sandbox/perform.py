"""One method call, single or inside a batch: faults, auth, operating limit, execution, the ``time`` block, the log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import g, has_request_context, request

from connector.sandbox.answers import ApiError, CutError, Page, Params, RawAnswerError, php_array
from connector.sandbox.auth import admit
from connector.sandbox.faults import Fault
from connector.sandbox.methods import Call, cost, may_write
from connector.sandbox.state import Portal


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a method returned, ready for its envelope; ``total`` is None for methods that are no lists."""

    result: Any
    time: dict[str, Any]
    total: int | None = None
    next: int | None = None


def log_call(portal: Portal, method: str, began: float, status: int, error: str, in_batch: bool = False) -> None:
    """One line of the call log; ``began`` is ``time.perf_counter()``. Provoked errors are counted by code.

    The log keeps the latest calls, the counters count all of them.

    ``request`` is the X-Request-ID of the HTTP request: the commands of a batch share it. ``user`` is who called, 0
    when unknown; ``writes`` marks what may change something.
    """
    took = portal.clock.since(began)
    row = {"method": method, "at": portal.now() - took, "ms": round(took * 1000, 2), "status": status, "error": error}
    row |= {"request": "", "user": 0, "writes": may_write(method)}
    if has_request_context():
        row |= {"request": request.headers.get("X-Request-ID", ""), "user": g.get("caller", 0)}
    with portal.lock:
        portal.calls.append(row | ({"batch": True} if in_batch else {}))
        portal.counters["commands" if in_batch else "requests"] += 1
        portal.called[method] += 1
        if error:
            portal.errors[error] += 1


def spoil(portal: Portal, method: str, in_batch: bool = False) -> Callable[[], None]:
    """Apply the scripted faults of this call; what is returned is to be run after the method.

    Raises :class:`CutError` (connection reset), :class:`RawAnswerError` (a literal body) or :class:`ApiError`.
    """
    with portal.lock:
        taken = portal.faults.take(method)
    for fault in taken:
        if fault.kind == "slow":
            portal.clock.sleep(fault.seconds)
    rule = next((fault for fault in taken if fault.kind != "slow"), None)
    if rule is None:
        return _nothing
    if rule.kind == "reset_after":
        return _cut
    raise _misbehaviour(rule, in_batch)


def _misbehaviour(rule: Fault, in_batch: bool) -> Exception:
    if rule.kind == "reset_before":
        return CutError()
    if rule.body is not None and not in_batch:
        return RawAnswerError(rule.status, rule.body, rule.content_type)
    return ApiError(rule.code, rule.description, rule.status)


def _nothing() -> None:
    """Nothing goes wrong afterwards."""


def _cut() -> None:
    raise CutError


def time_block(portal: Portal, seconds: float, operating: Mapping[str, float | int]) -> dict[str, Any]:
    """The ``time`` block (facts/bitrix24-platform.md §1.4) of a call that took ``seconds`` and ends now."""
    finish = portal.now()
    began = finish - seconds
    return {
        "start": began,
        "finish": finish,
        "duration": seconds,
        "processing": seconds,
        "date_start": portal.now_text(began),
        "date_finish": portal.now_text(finish),
        **operating,
    }


def perform(call: Call, name: str, params: Params, in_batch: bool = False) -> Done:
    """Execute one method (lower-case ``name``) for an authenticated caller. A refused call takes no time."""
    portal, began = call.portal, time.perf_counter()
    method = call.registry.get(name)
    if method is None:
        raise ApiError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
    admit(call.who, method, in_batch)
    with portal.lock:
        if portal.operating.blocked(call.who.key, name, portal.now()):
            raise ApiError("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429)
    prepared = method.prepare(call, params) if method.prepare else None
    with portal.lock:
        answer = method.run(replace(call, prepared=prepared), params)
    block = _timed(call, name, cost(portal, name, params), began)
    if isinstance(answer, Page):
        return Done(result=php_array(answer.rows), time=block, total=answer.total, next=answer.next)
    return Done(result=php_array(answer), time=block)


def _timed(call: Call, name: str, seconds: float, began: float) -> dict[str, Any]:
    """Let the call take its time, outside the lock, and charge it; a call cut meanwhile is charged too."""
    portal, took = call.portal, seconds
    try:
        took = call.hit.take(seconds, began)
    finally:
        with portal.lock:
            portal.operating.spend(call.who.key, name, seconds, portal.now())
            operating = portal.operating.report(call.who.key, name, portal.now())
    return time_block(portal, took, operating)
