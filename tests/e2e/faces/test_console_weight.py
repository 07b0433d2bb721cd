"""What holds for every page of the console: light, whole without scripts, from one origin, in good order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Response

from connector.bootstrap import Connector
from tests.e2e.faces.browser import Face, OpenPage
from tests.e2e.faces.console_stage import YAML, housed, signed_in
from tests.e2e.faces.stories import LINE_OFF, Story, an_hour, carried_out
from tests.e2e.faces.sync_stage import furnished
from tests.e2e.faces.walk import Stop, stops
from tests.services import Redis

LIGHT = 100_000  # bytes of a page with all its files, as they are, not compressed
ORDER = """() => [...document.querySelectorAll("main h1, main h2, main h3, main h4, main h5, main h6")]
  .map((node) => Number(node.tagName[1]))"""


class Traffic:
    """What one tab fetched since the last look."""

    def __init__(self, face: Face) -> None:
        self._got: list[Response] = []
        face.page.on("response", lambda answer: self._got.append(answer))

    def taken(self) -> dict[str, int]:
        """Address → bytes; forgets them. The stream of fresh news never ends and weighs nothing."""
        got, self._got[:] = list(self._got), []
        return {one.url: int(one.headers.get("content-length", LIGHT)) for one in got if "/ops/live" not in one.url}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, redis_process: Redis) -> Iterator[Connector]:
    """One for all: it is only looked at."""
    with housed(tmp_path_factory.mktemp("house"), redis_process, YAML) as made:
        yield made


@pytest.fixture(scope="module")
def busy(house: Connector) -> list[Stop]:
    """A console with many of everything, and all its pages."""
    journal = house.journal
    told = an_hour(journal, house.clock())
    for number in range(120):
        story = Story(at=house.clock(), number=5000 + number, conversation=f"8{number:05}", text="Где мой заказ? " * 40)
        journal.accept(story.envelope, [story.message()])
        if number < 60:
            carried_out(journal, story, state="parked", cause=f"cause.{number % 15}", hint=LINE_OFF)
        journal.audit("anna", "replay", "a reason of some length, as people write them " * 3, f"delivery:{number}")
    heavy = Story(at=house.clock(), number=9000, conversation="9", body=b"<" * 1_048_576, text="&" * 60_000)
    journal.accept(heavy.envelope, [heavy.message()])
    carried_out(journal, heavy, state="parked", cause="x" * 300)
    furnished(house)
    parked = [row["id"] for row in journal.list(state="parked", limit=2)]
    places: dict[str, list[Any]] = {
        "trace": [told["done"].trace, told["unread"].trace, heavy.trace],
        "ops.parked_envelope.trace": [told["unread"].trace],
        "number": parked,
        "name": ["main"],
        "ops.account.name": ["shop"],
        "ops.user.name": ["viewer"],
        "source": ["shipments"],
        "ops.run.number": [1],
        "language": ["en"],
        "rest": ["nowhere"],
    }
    return [stop for stop in stops(house, places) if stop.endpoint not in ("ops.language", "ops.lost")]


def test_every_page_is_light_and_all_of_it_comes_from_here(console: str, busy: list[Stop], browser_page: OpenPage):
    face = signed_in(browser_page(language="ru"), console)
    face.allow("status of 40")
    face.page.context.route("**/*", lambda route: route.continue_())  # no cache: each page is weighed whole
    traffic = Traffic(face)
    heavy: dict[str, int] = {}
    foreign: list[str] = []
    for stop in busy:
        face.page.goto(console + stop.path, wait_until="load")
        got = traffic.taken()
        assert f"{console}/ops/static/console.css" in got, "the browser took it from its cache"
        weight = sum(got.values())
        if weight >= LIGHT:
            heavy[stop.path] = weight
        foreign += [url for url in got if not url.startswith(f"{console}/ops")]
    assert (heavy, foreign) == ({}, [])


def test_every_page_is_whole_without_scripts_and_in_good_order(console: str, busy: list[Stop], browser_page: OpenPage):
    face = signed_in(browser_page(language="ru", java_script_enabled=False), console)
    face.allow("status of 40")
    for stop in busy:
        answer = face.page.goto(console + stop.path)
        assert answer is not None
        assert answer.status < 500, stop.path
        faults = [*_headers(answer), *_content(face, answer.text())]
        assert not faults, f"{stop.path}: {faults}"


def _headers(answer: Response) -> list[str]:
    headers = answer.headers
    wanted = {
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "content-type": "text/html; charset=utf-8",
    }
    policy = headers.get("content-security-policy", "")
    return [
        *(f"{name}: {headers.get(name)}" for name, value in wanted.items() if headers.get(name) != value),
        *(f"policy without {part}" for part in ("default-src 'none'", "frame-ancestors 'none'") if part not in policy),
        *(["unsafe policy"] if "unsafe" in policy else []),
    ]


def _content(face: Face, html: str) -> list[str]:
    page = face.page
    levels = [0, *page.evaluate(ORDER)]
    jumps = [(one, two) for one, two in pairwise(levels) if two > one + 1]
    return [
        *([] if page.locator("html").get_attribute("lang") == "ru" else ["no lang"]),
        *([] if page.locator("h1").count() == 1 and page.locator("h1").is_visible() else ["not one visible h1"]),
        *([] if len(page.locator("main").inner_text().split()) > 3 else ["nothing to read"]),
        *([f"headings jump: {jumps}"] if jumps else []),
        *(["an inline style"] if " style=" in html.replace(" style=&", "") or "<style" in html else []),
        *(["a script without a file"] if page.locator("script:not([src])").count() else []),
    ]
