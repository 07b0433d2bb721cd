"""Files are brought from where they lie and from nowhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connector.domain.provider import Source
from connector.errors import PermanentError, TransientError
from connector.media import fetch

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A web server on the loopback; ``answers`` maps a path to what it does, ``asked`` is who came and with what."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        room = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                room.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                room.answers[self.path](self)

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.place = f"127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://{self.place}{path}"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


def send(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def inner() -> Iterator[Server]:
    """A server that nobody may be led to."""
    made = Server()
    made.answers["/secret"] = send(b"secret")
    yield made
    made.close()


def bring(
    server: Server, path: str, *, limit: int = 1000, timeout: float = 5.0, **source: str
) -> tuple[str, str, bytes]:
    wanted = Source(url=server.url(path), headers={"Authorization": "token"}, **source)
    mime, name, chunks = fetch(wanted, allow_hosts={server.place}, limit=limit, timeout=timeout)
    return mime, name, b"".join(chunks)


def test_a_file_comes_with_its_name_and_type(server: Server):
    server.answers["/a/photo.jpg"] = send(b"bytes", Content_Type="image/jpeg; charset=x")
    assert bring(server, "/a/photo.jpg") == ("image/jpeg", "photo.jpg", b"bytes")
    assert server.asked[0][1]["authorization"] == "token"


def test_the_sender_may_name_the_file(server: Server):
    server.answers["/x"] = send(b"1", Content_Disposition="attachment; filename*=UTF-8''%D1%8F.pdf")
    assert bring(server, "/x")[1] == "я.pdf"
    assert bring(server, "/x", name="given.pdf")[1] == "given.pdf"


def test_a_sign_in_page_is_not_taken_for_the_file(server: Server):
    server.answers["/x"] = send(b"<html>Sign in", Content_Type="text/html; charset=utf-8")
    with pytest.raises(PermanentError) as refused:
        bring(server, "/x", name="invoice.pdf", mime="application/pdf")
    assert refused.value.cause == "media.page"
    assert bring(server, "/x", name="page.HTML")[0] == "text/html"
    assert bring(server, "/x", name="page", mime="text/html")[0] == "text/html"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/secret",
        "http://localhost:{port}/secret",
        "http://2130706433:{port}/secret",
        "http://0x7f000001:{port}/secret",
        "http://127.1:{port}/secret",
        "http://0.0.0.0:{port}/secret",
        "http://[::ffff:127.0.0.1]:{port}/secret",
        "http://user@127.0.0.1:{port}/secret",
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/x",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1:{port}/x",
        "//127.0.0.1:{port}/secret",
        "http:///x",
        "http://[::1",
        "",
    ],
)
def test_a_private_address_is_never_dialled(inner: Server, url: str):
    with pytest.raises(PermanentError) as caught:
        fetch(Source(url=url.format(port=inner.http.server_port)), limit=1000, timeout=3.0)
    assert caught.value.cause == "media.forbidden"
    assert inner.asked == []


def test_a_redirect_into_a_private_network_is_not_followed(server: Server, inner: Server):
    server.answers["/go"] = send(b"", 302, Location=inner.url("/secret"))
    with pytest.raises(PermanentError) as caught:
        bring(server, "/go")
    assert caught.value.cause == "media.forbidden"
    assert inner.asked == []


def test_another_server_never_sees_the_senders_headers(server: Server, inner: Server):
    server.answers["/go"] = send(b"", 307, Location=inner.url("/secret"))
    source = Source(url=server.url("/go"), headers={"Authorization": "token"})
    _, _, chunks = fetch(source, allow_hosts={server.place, inner.place}, limit=1000)
    assert b"".join(chunks) == b"secret"
    assert "authorization" in server.asked[0][1]
    assert "authorization" not in inner.asked[0][1]


def test_a_file_of_one_server_is_not_taken_from_another(server: Server, inner: Server):
    allowed = {server.place, inner.place}
    with pytest.raises(PermanentError) as caught:
        fetch(Source(url=inner.url("/secret")), allow_hosts=allowed, only_hosts={server.place}, limit=1000)
    assert caught.value.cause == "media.forbidden"
    assert inner.asked == []


def test_a_chain_of_redirects_ends(server: Server):
    server.answers["/go"] = send(b"", 302, Location="/go")
    with pytest.raises(PermanentError) as caught:
        bring(server, "/go")
    assert caught.value.cause == "media.redirected"
    assert len(server.asked) == 4


def test_a_file_over_the_limit_is_refused_whatever_its_length_says(server: Server):
    def unsaid(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x" * 100)

    server.answers["/said"] = send(b"x" * 2000)
    server.answers["/unsaid"] = unsaid
    for path in ("/said", "/unsaid"):
        with pytest.raises(PermanentError) as caught:
            bring(server, path)
        assert caught.value.cause == "media.too_large"


def test_a_server_that_drips_meets_the_deadline(server: Server):
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not over.wait(0.03):
            handler.wfile.write(b"x")

    server.answers["/drip"] = drip
    began = time.monotonic()
    with pytest.raises(TransientError):
        bring(server, "/drip", timeout=0.4)
    over.set()
    assert time.monotonic() - began < 15  # all of it would take half a minute


def test_a_file_that_is_cut_short_is_not_taken_for_whole(server: Server):
    server.answers["/cut"] = send(b"half", Content_Length="8")
    with pytest.raises(TransientError):
        bring(server, "/cut")


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        (404, PermanentError, "media.gone"),
        (410, PermanentError, "media.gone"),
        (403, PermanentError, "media.denied"),
        (418, PermanentError, "media.refused"),
        (429, TransientError, "media.unavailable"),
        (503, TransientError, "media.unavailable"),
    ],
)
def test_the_answer_decides_whether_to_try_again(server: Server, status: int, kind: type, cause: str):
    server.answers["/x"] = send(b"", status)
    with pytest.raises(kind) as caught:
        bring(server, "/x")
    assert caught.value.cause == cause
    assert server.place not in str(caught.value)


def test_a_server_that_is_down_is_tried_again(server: Server):
    server.close()
    with pytest.raises(TransientError):
        bring(server, "/x")
