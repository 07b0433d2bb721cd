from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.errors import PermanentError, TransientError
from connector.providers.table.storages import storage_of
from tests.contract.sources.table.shelf import Run, Shelf, csv
from tests.integration.sources.web_server import Site, web_server


@pytest.fixture
def site() -> Iterator[Site]:
    with web_server() as server:
        server.content = csv("number;what", "A1;x", "A2;y").encode()
        yield server


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def run(shelf: Shelf, site: Site, bookmark: Any = None, path: str = "/orders.csv", **said: Any) -> Run:
    said = {"location": site.url(path), "holds": "all", **said}
    with requests.Session() as session:
        storage = storage_of(shelf.desk(shelf.settings(**said), session))
        return shelf.run(bookmark, storage=storage, limit=1, **said)


@pytest.mark.parametrize(
    ("tag", "stamp"), [('"v1"', ""), ('W/"v1"', ""), ("", "Sun, 01 Mar 2026 10:00:00 GMT"), ('"v1"', "x"), ("", "")]
)
def test_a_file_is_read_once_until_it_changes(shelf: Shelf, site: Site, tag: str, stamp: str):
    site.tag, site.stamp = tag, stamp
    first = run(shelf, site)
    assert (first.ids, first.sees_all, first.records[0].where) == (["A1", "A2"], True, "orders.csv:2")
    site.sent = 0
    second = run(shelf, site, first.bookmark)
    assert (second.ids, second.start.full) == ([], False)
    assert site.sent == (0 if tag or stamp else 1)
    site.content = csv("number;what", "A2;z").encode()
    site.tag, site.stamp = tag.replace("1", "2"), stamp.replace("01", "02") + "!" * bool(stamp)
    third = run(shelf, site, second.bookmark)
    assert (third.ids, third.sees_all) == (["A2"], True)


def test_a_body_that_is_cut_is_asked_for_again(shelf: Shelf, site: Site):
    site.tag, site.cut = '"v1"', 5
    with pytest.raises(TransientError, match="away"):
        run(shelf, site)
    site.cut = 0
    assert run(shelf, site).ids == ["A1", "A2"]


@pytest.mark.parametrize(
    ("said", "header"),
    [
        ({"token": "t0ken"}, "Bearer t0ken"),
        ({"username": "робот", "password": "pass"}, "Basic " + base64.b64encode("робот:pass".encode()).decode()),
    ],
)
def test_it_lets_in_who_has_the_right_word(shelf: Shelf, site: Site, said: dict[str, str], header: str):
    site.wants = header
    assert run(shelf, site, **said).ids == ["A1", "A2"]
    with pytest.raises(PermanentError, match="login"):
        run(shelf, site)


def test_another_place_on_the_same_server_is_followed(shelf: Shelf, site: Site):
    site.leads, site.tag = "/new/orders.csv", '"v1"'
    assert run(shelf, site).ids == ["A1", "A2"]


def test_another_server_is_followed_by_https_only_and_hears_no_secret(shelf: Shelf, site: Site):
    with web_server() as other:
        site.leads = other.url()
        with pytest.raises(PermanentError, match="leads_away"):
            run(shelf, site, token="t0ken")
        assert other.asked == []


def test_a_circle_ends(shelf: Shelf, site: Site):
    site.leads = "/round?and=round"
    site.status = 302
    with pytest.raises(PermanentError, match="leads_away"):
        run(shelf, site)


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        (403, PermanentError, "table.login"),
        (404, PermanentError, "table.not_there"),
        (400, PermanentError, "table.refused"),
        (429, TransientError, "table.away"),
        (503, TransientError, "table.away"),
    ],
)
def test_a_refusal_says_whether_to_come_again(shelf: Shelf, site: Site, status: int, kind: type, cause: str):
    site.status, site.retry = status, "17"
    with pytest.raises(kind) as caught:
        run(shelf, site)
    assert caught.value.cause == cause
    assert getattr(caught.value, "retry_after", 17.0) == 17.0


def test_a_file_that_is_too_large_is_refused(shelf: Shelf, site: Site):
    site.content = b"x" * ((1 << 20) + 1)
    with pytest.raises(PermanentError, match="too_large"):
        run(shelf, site, largest=1)


def test_nobody_there_is_tried_again(shelf: Shelf):
    with web_server() as gone:
        pass
    with pytest.raises(TransientError, match="away"):
        run(shelf, gone)


def test_a_file_that_changed_between_two_pages_is_begun_anew(shelf: Shelf, site: Site):
    site.tag = '"v1"'
    settings = shelf.settings(location=site.url(), holds="all")
    with requests.Session() as session, shelf.reader(settings, http=session) as reader:
        page = reader.page(reader.begin(None).position, 1)
        site.tag, site.content = '"v2"', csv("number;what", "B1;x").encode()
        for path in shelf.cache.iterdir():
            path.unlink()
    with requests.Session() as session, shelf.reader(settings, http=session) as reader:
        page = reader.page(page.position, 10)
    assert ([record.id for record in page.records], page.ended, page.partial) == (["B1"], True, True)
