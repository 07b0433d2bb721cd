"""Letters that mean harm, through the whole house: they harm nothing and are shown safely."""

from __future__ import annotations

import io
import itertools
import json
import threading
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from connector.domain.bbtree import Node, parse
from connector.letters.digest import digest_headers
from connector.letters.headers import LONGEST
from tests import services
from tests.integration.mail.letterbox import Letterbox, letterbox
from tests.mail.corpus import ADDRESS, Said
from tests.mail.corpus.case import begun_by, of_ours
from tests.mail.corpus.mime import Headers, letter, multipart, part, written
from tests.mail.next_hop import next_hop

_HEADERS = {"Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type"}
_numbers = itertools.count(1)


@pytest.fixture
def box(tmp_path: Path, sqlite_url: str, redis_server: services.Redis) -> Iterator[Letterbox]:
    with letterbox(tmp_path, redis_server, sqlite_url) as made:
        yield made


def from_client(content: bytes, *more: tuple[str, str | bytes], **usual: str | bytes) -> bytes:
    """A letter of a stranger; ``usual`` headers in place of the plain ones, underscores for dashes."""
    told = {"From": "Ivan <ivan@client.example>", "To": ADDRESS, "Subject": "Order"}
    told |= {"Message-ID": f"<hostile.{next(_numbers)}@client.example>", "Date": "Mon, 3 Nov 2025 14:05:00 +0300"}
    told |= {name.replace("_", "-"): value for name, value in usual.items()}
    headers: Headers = [*told.items(), *more]
    return letter(headers, content)


def shown(box: Letterbox, *letters: bytes) -> list[Said]:
    """What the operators see once the letters went through; nothing may be parked."""
    for raw in letters:
        box.bring(raw)
    box.done()
    assert not box.parked()
    assert not box.house.envelopes("parse.failed")
    return box.said()


def page(html: str) -> bytes:
    return written(f"<html><body>{html}</body></html>", kind="html")


@contextmanager
def trap() -> Iterator[tuple[str, list[str]]]:
    """``(address, what was asked of it)``: nobody may come here."""
    asked: list[str] = []

    class Trap(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Trap)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()


PAGES = Path(__file__).parent / "hostile_page.html"


def test_a_page_runs_nothing_fetches_nothing_and_hides_nothing(box: Letterbox):
    with trap() as (address, asked):
        (one,) = shown(box, from_client(page(PAGES.read_text(encoding="utf-8").replace("$trap", address))))
        assert not asked
    lines = [line.strip() for line in one.text.split("\n") if line.strip()]
    assert lines == ["[b]Order[/b]", "Видно раз", "Видно два", "тут", "и тут", "и там", '">', "Видно три"]


TAGS = (
    "[url=javascript:alert(1)]банк[/url]",
    "[url]javascript:alert(1)[/url]",
    "[USER=1]Директор[/USER]",
    "[b]Мария Соколова:[/b][br]",
    "[send=да]Нажмите[/send][put=/x]и тут[/put]",
    "[call=+70000000000]Банк[/call]",
    "[img]https://t.client.example/p.gif[/img]",
    "[disk=1][attach=7][icon=https://t.client.example/i.png size=100]",
    "#BR#[br]------------------------------------------------------",
    "[/quote][code]",
    "[[b]url=https://evil.example]x[/url[/b]]",
)


@pytest.mark.parametrize("place", ["text", "page", "subject", "name"])
def test_bbcode_of_a_client_stays_text(box: Letterbox, place: str):
    for number, tags in enumerate(TAGS):
        subject, name = (f"{tags} {number}", "Ivan") if place == "subject" else ("Order", tags)
        content = page(tags.replace("[b]url", "[<b></b>url")) if place == "page" else written(tags)
        word = f"=?utf-8?B?{b64encode(name.encode()).decode()}?="
        raw = from_client(
            content if place in ("text", "page") else written("Здравствуйте"),
            From=f"{word} <c{number}@client.example>",
            Subject=f"=?utf-8?B?{b64encode(subject.encode()).decode()}?=",
        )
        box.bring(raw)
    box.done()
    told = box.said()
    assert len(told) == len(TAGS)
    assert {one.author for one in told} == {"client"}
    for one in told:
        kinds = [node.kind for node in _nodes(parse(one.text))]
        assert kinds == ["b"], one.text  # the subject, which is ours to mark


def _nodes(pieces: Any) -> Iterator[Node]:
    for piece in pieces:
        if isinstance(piece, Node):
            yield piece
            yield from _nodes(piece.children)


def test_files_stay_in_the_store_whatever_they_are_called(box: Letterbox, tmp_path: Path):
    names = [
        "../../../../escaped.txt",
        "..\\..\\escaped.txt",
        "/escaped.txt",
        "CON",
        "com1.txt",
        ".bashrc",
        "..",
        "a/../b",
    ]
    before = {path for path in tmp_path.rglob("*") if "media" not in path.parts}
    parts = [part("application/octet-stream", b"x", disposition=f'attachment; filename="{name}"') for name in names]
    (one,) = shown(box, from_client(multipart("mixed", [written("Файлы"), *parts])))
    assert one.files[:5] == ("escaped.txt", "escaped.txt", "escaped.txt", "_CON.bin", "_com1.txt")
    assert one.files[5:] == ("bashrc.bin", "file.bin", "b.bin", "Order.eml")
    (other,) = (
        each for each in shown(box, from_client(written("Тема"), Subject=f"../..\\<{'x' * 60}")) if "Тема" in each.text
    )
    assert other.files == (f"_{'x' * 45}.eml",)
    new = {path for path in tmp_path.rglob("*") if "media" not in path.parts} - before
    assert not [path for path in new if path.is_file() and path.suffix not in (".db-wal", ".db-shm")]
    assert not (tmp_path.parent / "escaped.txt").exists()


def test_a_bomb_is_handed_on_closed_and_nests_end(box: Letterbox, tmp_path: Path):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 100_000_000)
    zipped = part("application/zip", bomb.getvalue(), disposition='attachment; filename="photos.zip"')
    flat = b"".join(b"--bb\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%d\r\n" % n for n in range(10_000))
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1000))
    told = shown(
        box,
        from_client(multipart("mixed", [written("Архив"), zipped])),
        from_client(b"Content-Type: multipart/mixed; boundary=bb\r\n\r\n" + flat + b"--bb--\r\n", Subject="Flat"),
        from_client(deep + b"\r\nglubina", Subject="Deep"),
    )
    archive_, *others = (next(one for one in told if name in one.text) for name in ("Архив", "Flat", "Deep"))
    assert archive_.files == ("photos.zip", "Order.eml")
    sizes = [path.stat().st_size for path in (tmp_path / "var" / "media").rglob("*") if path.is_file()]
    assert max(sizes) < 1_000_000
    assert len(sizes) < 120
    assert "9900" in others[0].text
    assert len(others[0].files) <= 101


INJECTIONS: dict[str, Any] = {
    "Subject": "=?utf-8?q?Hi=0D=0ABcc=3A_all=40evil=2Eexample=0D=0A=0D=0A<b>body</b>?=",
    "From": "=?utf-8?q?Ivan=0D=0ABcc=3A_all=40evil=2Eexample?= <ivan@client.example>",
    "Reply-To": "=?utf-8?q?Ivan=0D=0ABcc=3A_all=40evil=2Eexample?= <ivan@client.example>",
    "Message-ID": b"<a\x0b\x0cb\r X-Evil: 1@client.example>",
    "References": "<a@b>\r\n <c@d\x0bBcc: all@evil.example>",
    "To": f'"=?utf-8?q?x=0D=0ABcc=3A_all=40evil=2Eexample?=" <{ADDRESS}>',
}


@pytest.mark.parametrize("place", [*INJECTIONS])
def test_no_header_is_smuggled_into_our_answer(
    tmp_path: Path, sqlite_url: str, redis_server: services.Redis, place: str
):
    with next_hop() as hop:
        smtp = {"host": "127.0.0.1", "port": hop.port, "security": "none", "copy": "none"}
        hop.passwords[ADDRESS] = "planted-password"
        with letterbox(tmp_path, redis_server, sqlite_url, smtp=smtp, answer_cc=True) as box:
            headers = {place.replace("-", "_"): INJECTIONS[place]}
            (one,) = shown(box, from_client(written("Здравствуйте"), **headers))
            box.house.sandbox.say(int(one.chat), "Ответ")
            assert box.house.sandbox.settle()
            box.done()
            assert not box.parked()
        (sent,) = hop.letters
    assert sent.recipients == ("ivan@client.example",)
    assert set(sent.message.keys()) <= _HEADERS
    assert sent.message.get_body(("plain",)).get_content().strip() == "Ответ"
    assert sent.message["Subject"].startswith("Re: ")


def test_forged_marks_and_forged_reports_reach_no_other_chat(box: Letterbox):
    victim = from_client(written("Тайна клиента"), From="Anna <anna@client.example>", Subject="Secret")
    conversation = begun_by(f"hostile.{next(_numbers) - 1}@client.example")
    ours = of_ours(conversation, 99)
    evil = {"From": "Anna <anna@evil.example>"}
    form = {"From": "Site <no-reply@evil.example>", "Reply_To": "anna@client.example"}
    report = (
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\r\n\r\n--r\r\n'
        b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; anna@client.example\r\n"
        b"Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; call +7 900 evil\r\n\r\n"
        b"--r\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <" + ours.encode() + b">\r\n\r\nx\r\n--r--\r\n"
    )
    told = shown(
        box,
        victim,
        from_client(written("evil 1"), **evil, Subject=f"Re: [#{conversation}] Secret"),
        from_client(written("evil 2"), **evil, Subject="Re: Secret", To=ADDRESS.replace("@", f"+t{conversation}@")),
        from_client(written("evil 3"), **evil, In_Reply_To=f"<{ours}>", References=f"<{ours}>"),
        from_client(written("evil 4"), **evil, Auto_Submitted="auto-replied", Subject=f"[#{conversation}]"),
        from_client(written("evil 5"), **form, Subject="Re: Secret"),
        from_client(report, From="MAILER-DAEMON@evil.example", Subject="Undelivered"),
    )
    (chat,) = {one.chat for one in told if "Тайна" in one.text}
    assert [one.text.split("\n")[-1] for one in told if one.chat == chat] == ["Тайна клиента"]
    own = {one.chat for one in told if "evil 1" in one.text}
    assert {one.chat for one in told if one.author == "system"} <= own  # of their own machine they may tell there
    assert not [one for one in told if "call +7" in one.text]


HUGE: dict[str, bytes] = {
    "a header": from_client(written("Цела 1"), ("X-Huge", "x" * 20_000_000)),
    "a subject": from_client(written("Цела 2"), Subject="S" * 1_000_000),
    "an id": from_client(written("Цела 3"), Message_ID=f"<{'i' * 100_000}@client.example>"),
    "references": from_client(written("Цела 4"), References=" ".join(f"<{n}@client.example>" for n in range(20_000))),
    "recipients": from_client(written("Цела 5"), To=", ".join(f"p{n}@client.example" for n in range(20_000))),
    "NULs": from_client(written("\0Ц\0е\0ла 6\0", encoding="8bit"), Subject=b"N\0U\0L"),
    "surrogates": from_client(
        part("text/plain; charset=utf-16", "Цела 7".encode("utf-16") + b"\x00\xd8\x00\xd8"),
        Subject="=?utf-16?B?/v8A2ADY?=",
    ),
    "bytes of no charset": from_client(
        written("Цела 8"), Subject=bytes(range(128, 256)), From=b"\xff\xfe <a@b.example>"
    ),
    "a number as text": from_client(written("Цела 9\n" + "9" * 100_000)),
}


def test_huge_and_broken_letters_arrive(tmp_path: Path, redis_server: services.Redis, journal_url: str):
    with letterbox(tmp_path, redis_server, journal_url) as box:
        told = shown(box, *HUGE.values())
    for number, name in enumerate(HUGE, start=1):
        assert any(f"Цела {number}" in one.text for one in told), name


def test_two_hundred_megabytes_of_headers_make_a_small_digest():
    head = b"From: a@b.example\r\nX-Huge: " + b"x" * 200_000_000 + b"\r\nSubject: after\r\n\r\n"
    told = digest_headers(head, size=len(head), where={}, received=datetime(2025, 11, 3, tzinfo=UTC))
    assert len(json.dumps(told)) < 3 * LONGEST
    assert [told["headers"][0], told["headers"][-1]] == [["From", "a@b.example"], ["Subject", "after"]]
