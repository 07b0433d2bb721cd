"""Against real sockets: what a failure proves must hold for the library as it is."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from connector.errors import PermanentError, TransientError
from connector.portal.transport import POOL, Transport, new_session

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n"


@contextmanager
def listening(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that treats one connection as told."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/rest/x.json"
        thread.join(5)


def read_request(connection: socket.socket) -> None:
    """One whole request: the head and the body often come apart."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        part = connection.recv(65536)
        if not part:
            return
        seen += part
    head, _, body = seen.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)


def reading_then(answer: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)

    return behave


def fault(url: str, timeout: float = 5.0) -> TransientError:
    with pytest.raises(TransientError) as caught:
        Transport(timeout=timeout).post(url, {"a": 1})
    return caught.value


def test_a_whole_answer_comes_whole_whatever_its_status():
    with listening(
        reading_then(b"HTTP/1.1 503 No\r\nContent-Length: 4\r\nLocation: https://n/\r\n\r\n{\xff}\n")
    ) as url:
        answer = Transport(timeout=5).post(url, {})
    assert (answer.status, answer.body, answer.location) == (503, b"{\xff}\n", "https://n/")


def test_a_refused_connection_proves_that_nothing_was_sent():
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    error = fault(f"http://127.0.0.1:{port}/")
    assert (error.cause, error.maybe_done) == ("network.no_connection", False)


def test_an_unknown_host_proves_that_nothing_was_sent():
    assert fault("http://no-such-host.invalid/").maybe_done is False


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        OK + b'{"resu',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"\x15\x03",
    ],
    ids=["closed", "cut body", "cut chunk", "no http"],
)
def test_a_cut_answer_may_have_done_the_work(answer):
    with listening(reading_then(answer)) as url:
        assert fault(url).maybe_done is True


def test_a_reset_after_the_request_may_have_done_the_work():
    def reset(connection: socket.socket) -> None:
        read_request(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    with listening(reset) as url:
        assert fault(url).maybe_done is True


def test_silence_may_have_done_the_work():
    done = threading.Event()

    def silent(connection: socket.socket) -> None:
        read_request(connection)
        done.wait(5)

    with listening(silent) as url:
        error = fault(url, timeout=0.1)
        done.set()
    assert (error.cause, error.maybe_done) == ("network.timeout", True)


def test_tls_that_is_none_is_no_proof_that_nothing_was_sent():
    def plain(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 plain http\r\n\r\n")

    with listening(plain) as url:
        assert fault(url.replace("http:", "https:")).maybe_done is True


def test_an_address_that_is_no_url_is_told_at_once():
    with pytest.raises(PermanentError) as caught:
        Transport().post("not-a-url", {})
    assert caught.value.cause == "network.bad_url"


def test_the_session_has_room_for_everybody_and_reads_no_netrc():
    session = new_session()
    adapter = session.get_adapter("https://acme.bitrix24.ru")
    assert adapter._pool_maxsize == POOL  # type: ignore[attr-defined]
    assert adapter.max_retries.total == 0  # type: ignore[attr-defined]
    assert callable(session.auth)


def test_one_connection_serves_many_calls():
    def twice(connection: socket.socket) -> None:
        for _ in range(2):
            read_request(connection)
            connection.sendall(OK + b'{"result": 1}')

    with listening(twice) as url:
        transport = Transport(timeout=5)
        bodies = [transport.post(url, {}).body for _ in range(2)]
    assert bodies == [b'{"result": 1}'] * 2
