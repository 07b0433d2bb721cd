"""Handlers that were found wrong are mended, whatever is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from connector.domain.effects import Call
from connector.domain.events import HandlersChecked
from connector.handlers.portals import EVENTS, handlers_checked

from .driving import rules

URL = "https://hub.example/bitrix24/events"
OTHER = "https://other.example/x"


class Bindings:
    """``event.*`` of a portal, where one event may be bound by several users."""

    def __init__(self, rows: Sequence[tuple[str, str]]) -> None:
        self.rows = list(rows)

    def answer(self, call: Call) -> Any:
        name, handler = call.params.get("event"), call.params.get("handler")
        if call.method == "event.get":
            return [{"event": event, "handler": url} for event, url in self.rows]
        if call.method == "event.unbind":
            self.rows = [row for row in self.rows if row != (name, handler)]
        else:
            assert (name, handler) not in self.rows
            self.rows.append((str(name), str(handler)))
        return True

    def check(self) -> None:
        plan = handlers_checked(HandlersChecked(portal="main"), rules())
        answer = None
        while True:
            try:
                answer = self.answer(plan.send(answer))  # type: ignore[arg-type]
            except StopIteration:
                return


ALL = [(name, URL) for name in EVENTS]
NAME = EVENTS[0]


@pytest.mark.parametrize(
    "rows",
    [
        ALL,
        [],
        ALL[1:],
        [*ALL, (NAME, URL)],
        [*ALL, (NAME, URL), (NAME, URL)],
        [*ALL, (NAME, f"{URL}/")],
        [*ALL, ("ONCRMLEADADD", URL)],
        [*ALL, (NAME, OTHER)],
    ],
)
def test_each_event_is_bound_once_afterwards_and_other_addresses_stay(rows):
    portal = Bindings(rows)
    portal.check()
    assert sorted(row for row in portal.rows if row[1] != OTHER) == sorted(ALL)
    assert [row for row in portal.rows if row[1] == OTHER] == [row for row in rows if row[1] == OTHER]
