"""Letters that mean harm come out safe, and soon."""

from __future__ import annotations

import io
import time
import tracemalloc
import zipfile
from base64 import encodebytes

import pytest

from connector.letters.names import attachment
from connector.letters.words import words
from tests.unit.letters.shelf import Shelf, digested, letter, reading

SOON = 10.0  # seconds; each takes a fraction of one, and without its guard minutes


@pytest.fixture(autouse=True)
def _soon():
    start = time.monotonic()
    yield
    assert time.monotonic() - start < SOON


def shown(html: str) -> str:
    return words("", html, "s").text


def test_scripts_styles_and_handlers_are_gone():
    text = shown(
        "<style>p{}</style><script>alert(1)</script><p onclick='alert(2)'>Да</p><svg><script>alert(3)</script></svg>"
        "<a href='javascript:alert(4)'>тут</a><iframe src='https://evil.example'></iframe><form><input></form>"
    )
    assert text == "Да\nтут"


def test_nothing_is_fetched_and_nothing_hidden_is_shown():
    text = shown(
        "<p>Видно</p><img src='https://t.example/p.gif?id=1' width=1 height=1><div style='display: none'>Скрыто "
        "<b>и это</b></div><p>Тоже видно</p>"
    )
    assert text == "Видно\nТоже видно"


def test_bbcode_of_strangers_stays_text():
    text = shown("<p>[url=https://evil.example]банк[/url] [send=1]x[/send]</p>")
    assert "[url=" not in text
    assert "[send=" not in text
    plain = words("[img]https://t.example/p.gif[/img] [user=1]Шеф[/user]", "", "s").text
    assert "[img]" not in plain
    assert "[user=" not in plain


def test_marks_of_our_own_in_a_letter_cut_nothing():
    assert words("До\n\ue013\nПосле \ue010", "", "s").text == "До\n\nПосле"
    assert shown("<p>До</p><p>\ue013</p><p>После</p>").split() == ["До", "После"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/abs/olute.txt", "olute.txt"),
        ("a\r\nX-Evil: 1.txt", "a X-Evil_ 1.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        (".htaccess", "htaccess"),
        ("....", "file"),
        ("", "file"),
        ("con<>|.txt", "con___.txt"),
        ("a" * 500 + ".pdf", "a" * 116 + ".pdf"),
    ],
)
def test_names_of_attachments_stay_names(name: str, safe: str):
    assert attachment(name, "application/octet-stream") == safe


def test_a_header_cannot_be_smuggled_in_through_the_subject():
    found = reading(letter(subject="=?utf-8?q?Hi=0D=0ABcc=3A_all=40evil=2Eexample=0D=0A=0D=0Abody?="))
    assert found.letter.subject == "Hi Bcc: all@evil.example body"
    assert found.letter.original is not None
    assert "\n" not in found.letter.original.name


def test_a_subject_cannot_turn_the_text_about_or_paint_the_terminal():
    assert reading(letter(subject="a\u202eb\x1b[31mc\u2066d")).letter.subject == "a b [31mc d"


def test_an_id_cannot_carry_control_signs_into_our_answer():
    found = reading(letter(message_id="<a\x0bb\x00@c>"))
    assert found.letter.message_id == "a b@c"


def test_ten_thousand_parts_are_counted_and_not_kept():
    part = "--bb\nContent-Type: application/pdf; name=a.pdf\n\nx\n"
    shelf = Shelf()
    told = shelf.digest(f"Content-Type: multipart/mixed; boundary=bb\n\n{part * 10_000}--bb--\n".encode())
    assert len(told["parts"]) == 100
    assert len(told["parts"]) + told["left_out"] == 10_000
    assert len(shelf.files) == 101


@pytest.mark.parametrize(("levels", "text", "left_out"), [(50, "глубоко", 0), (51, "", 1), (3000, "", 1)])
def test_parts_within_parts_end_at_fifty(levels: int, text: str, left_out: int):
    nest = "".join(f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(levels))
    told = digested(nest + "\nглубоко")
    assert (told["text"], told["left_out"]) == (text, left_out)


def test_what_lies_deep_is_not_held_once_for_each_level():
    nest = "".join(f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(48))
    raw = f"{nest}Content-Type: application/pdf; name=a.pdf\n\n{'x' * 4_000_000}".encode()
    tracemalloc.start()
    assert len(digested(raw)["parts"]) == 1
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * len(raw)


def test_letters_within_letters_are_not_unpacked():
    raw = "Content-Type: message/rfc822\n\n" * 2000 + "Subject: x\n\ny"
    assert len(digested(raw)["parts"]) == 1


def test_an_archive_is_kept_closed():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 50_000_000)
    raw = b"Content-Type: application/zip; name=bomb.zip\nContent-Transfer-Encoding: base64\n\n" + encodebytes(
        bomb.getvalue()
    )
    shelf = Shelf()
    (part,) = shelf.digest(raw)["parts"]
    assert part["size"] == len(bomb.getvalue())
    assert shelf.files[part["key"]][2] == bomb.getvalue()


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000,
        "<blockquote type=cite>" * 30_000,
        "<b><i>" * 50_000,
        "<table><tr><td>" * 40_000,
        "<a " * 150_000,
        "<!--" * 100_000,
        "<p>x" * 120_000,
        "<" * 500_000,
        "<div style='border-left:1px'>" * 20_000,
    ],
    ids=lambda html: html[:12],
)
def test_html_made_to_be_slow_is_not(html: str):
    shown(html)


@pytest.mark.parametrize(
    "text",
    ["> " * 100_000,
     "From: a\n" * 30_000, "3 нояб. 2025 10:00\n" * 15_000, "-" * 300_000, "<a@b " * 60_000, "a@" * 150_000,
     "On 3 Nov 2025 10:00, " * 14_000, "\n" * 300_000, "-- \n" * 70_000, "--\n" * 90_000, "С уважением\n" * 20_000],
    ids=lambda text: text[:12].strip(),
)  # fmt: skip
def test_text_made_to_be_slow_is_not(text: str):
    words(text, "", "Re: s")


@pytest.mark.parametrize(
    "head",
    ["Subject: " + "=?utf-8?q?" * 30_000, "From: " + "<a@b" * 50_000, "To: " + "a," * 100_000, "To: " + "(" * 100_000,
     "Content-Type: " + ";a" * 100_000, "References: " + "<" * 200_000, "X: y\n" * 100_000],
    ids=lambda head: head[:14],
)  # fmt: skip
def test_headers_made_to_be_slow_are_not(head: str):
    assert len(reading(head + "\n\nx").conversation) == 16
