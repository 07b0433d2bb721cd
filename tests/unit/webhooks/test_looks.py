"""Looking at a portal for a page."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

from connector.domain.provider import Finding
from connector.speech import Text
from webhooks.looks import Looks

ONE = Finding(Text("one", "один"), "ok", code="a.one")
TWO = Finding(Text("two", "два"), "ok", code="a.two")
CONNECTOR: Any = object()


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_a_look_that_ends_is_shown_whole():
    looks = Looks(CONNECTOR, look=lambda *_: iter([ONE, TWO]))
    assert codes(looks.at("main")) == ["a.one", "a.two"]


def test_a_slow_look_shows_what_it_has_seen_and_says_so():
    go = threading.Event()

    def slow(connector: Any, portal: str) -> Iterator[Finding]:
        yield ONE
        go.wait(5)
        yield TWO

    looks = Looks(CONNECTOR, look=slow, patience=0.2)
    seen = looks.at("main")
    assert codes(seen) == ["a.one", "portal.look_cut"]
    assert "connector check --portal main" in str(seen[1].hint)
    go.set()


def test_many_who_look_cost_one_look():
    began: list[str] = []
    go = threading.Event()

    def counted(connector: Any, portal: str) -> Iterator[Finding]:
        began.append(portal)
        go.wait(5)
        yield ONE

    looks = Looks(CONNECTOR, look=counted)
    seen: list[list[str]] = []
    people = [threading.Thread(target=lambda: seen.append(codes(looks.at("main")))) for _ in range(4)]
    for person in people:
        person.start()
    while not began:
        time.sleep(0.01)
    go.set()
    for person in people:
        person.join(5)
    assert began == ["main"]
    assert seen == [["a.one"]] * 4
    looks.at("second")
    assert began == ["main", "second"]


def test_what_breaks_is_one_more_finding():
    def broken(connector: Any, portal: str) -> Iterator[Finding]:
        yield ONE
        raise ZeroDivisionError

    assert codes(Looks(CONNECTOR, look=broken).at("main")) == ["a.one", "portal.look_failed"]
