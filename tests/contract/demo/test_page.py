"""The demo page's server on a real socket: who may come in, and what it says to everybody."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
import requests

from connector.demo.door import Door
from connector.demo.page import LARGEST, Answer, Asked, PageServer, as_json

ELSEWHERE = "http://evil.example"


def rooms(asked: Asked) -> Answer:
    """Says back what it was asked."""
    if asked.path == "/stream":
        return Answer(body=iter([b"data: 1\n\n", b"data: 2\n\n"]), content_type="text/event-stream")
    return as_json({"path": asked.path, "language": asked.language, "body": asked.body})


@pytest.fixture
def page() -> Iterator[PageServer]:
    with PageServer() as server:
        yield server.open(Door(own=server.origin, connector="http://127.0.0.1:1", portal="http://127.0.0.1:2"), rooms)


def post(page: PageServer, **headers: str) -> int:
    told = {"Origin": page.origin, "Content-Type": "application/json", **headers}
    return requests.post(f"{page.origin}/trouble", data=b'{"name": "kill"}', headers=told, timeout=5).status_code


def test_it_listens_on_this_machine_only(page: PageServer):
    assert page.origin.startswith("http://127.0.0.1:")


def test_its_own_page_reads_and_presses(page: PageServer):
    answer = requests.get(f"{page.origin}/x?lang=ru", timeout=5)
    assert answer.json() == {"path": "/x", "language": "ru", "body": {}}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert post(page) == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost:{port}", "127.0.0.1", "127.0.0.1:1"])
def test_another_name_is_refused(page: PageServer, host: str):
    name = host.format(port=page.origin.rpartition(":")[2])
    assert requests.get(page.origin, headers={"Host": name}, timeout=5).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": ELSEWHERE},
        {"Origin": "null"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
    ids=["another origin", "no origin", "text", "a form"],
)
def test_what_another_page_can_send_is_refused(page: PageServer, headers: dict[str, str]):
    assert post(page, **headers) == 403


def test_a_post_without_an_origin_is_refused(page: PageServer):
    answer = requests.post(f"{page.origin}/trouble", json={"name": "kill"}, timeout=5)
    assert answer.status_code == 403


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b"1"])
def test_what_is_no_object_is_refused(page: PageServer, body: bytes):
    told = {"Origin": page.origin, "Content-Type": "application/json"}
    assert requests.post(page.origin, data=body, headers=told, timeout=5).status_code == 400


@pytest.mark.parametrize("size", [str(LARGEST + 1), "-1", "1e3", "²"])
def test_a_body_of_no_sane_size_is_not_read(page: PageServer, size: str):
    host = page.origin.removeprefix("http://")
    head = f"POST / HTTP/1.1\r\nHost: {host}\r\nOrigin: {page.origin}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), timeout=5) as wire:
        wire.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode("latin-1"))
        assert b" 413 " in wire.recv(100)


def test_a_stream_ends_with_its_connection(page: PageServer):
    answer = requests.get(f"{page.origin}/stream", timeout=5)
    assert answer.headers["Connection"] == "close"
    assert answer.text == "data: 1\n\ndata: 2\n\n"


def test_policies_let_nothing_in_but_our_own_files():
    door = Door(own="http://127.0.0.1:3", connector="http://127.0.0.1:1", portal="http://127.0.0.1:2")
    for policy in (door.page_policy(), door.inner_policy(), door.shop_policy()):
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
    assert "frame-ancestors 'none'" in door.page_policy()
    assert "frame-src 'self' http://127.0.0.1:1 http://127.0.0.1:2" in door.page_policy()


def test_the_session_is_given_only_to_who_comes_by_themselves():
    door = Door(own="http://127.0.0.1:3")
    assert door.may_enter({})
    assert door.may_enter({"Sec-Fetch-Site": "none"})
    assert not door.may_enter({"Sec-Fetch-Site": "cross-site"})
    assert not door.may_enter({"Sec-Fetch-Site": "same-site"})


def test_json_keeps_its_letters():
    assert json.loads(bytes(as_json({"text": "ё"}).body)) == {"text": "ё"}
