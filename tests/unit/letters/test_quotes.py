"""How often the new words of a letter are told right, per mail program, on samples the rules were not made from."""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from connector.letters.words import Words, words
from tests.unit.letters.shelf import reading

CORPUS = Path(__file__).parent / "corpus"
CLIENTS = ("gmail", "yandex", "mailru", "outlook", "apple", "thunderbird")
MEASURED = (*CLIENTS, "thebat", "webmail")
AIM = 0.95


class Sample(NamedTuple):
    """``expect`` is what the writer wrote this time, as a person would tell it."""

    client: str
    name: str
    subject: str
    text: str
    html: str
    expect: str

    @property
    def is_right(self) -> bool:
        """Every line as expected; how many empty lines stand between paragraphs is not what is measured."""
        return _lines(self.read().text) == _lines(self.expect)

    def read(self) -> Words:
        """What we tell."""
        return words(self.text, self.html, self.subject)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def samples(kind: str, clients: Sequence[str] = CLIENTS) -> Iterator[Sample]:
    for client in clients:
        for block in (CORPUS / kind / f"{client}.txt").read_text(encoding="utf-8").split("===== ")[1:]:
            name, subject, *rest = block.split("\n")
            parts: dict[str, list[str]] = {"text": [], "html": [], "expect": []}
            at = ""
            for line in rest:
                at = line[3:] if line.startswith("@@ ") else at
                if not line.startswith("@@ "):
                    parts[at].append(line)
            yield Sample(client, name, subject, *("\n".join(lines).rstrip("\n") for lines in parts.values()))


@pytest.mark.parametrize(
    "sample", [*samples("tuning", (*CLIENTS, "yahoo", "webmail"))], ids=lambda sample: f"{sample.client}: {sample.name}"
)
def test_the_samples_that_the_rules_were_made_from_are_told_right(sample: Sample):
    assert sample.read().text == sample.expect


def test_held_out_samples_are_told_right_and_never_empty(capsys: pytest.CaptureFixture[str]):
    told = [*samples("held_out", MEASURED)]
    rows = {client: [sample for sample in told if sample.client == client] for client in MEASURED}
    right = {client: sum(sample.is_right for sample in row) for client, row in rows.items()}
    with capsys.disabled():
        print("\nquotes, held out:")
        for client, row in rows.items():
            wrong = "; ".join(sample.name for sample in row if not sample.is_right)
            print(f"  {client:12} {right[client]:3} of {len(row):3}  {wrong}")
        print(f"  {'all':12} {sum(right.values()):3} of {len(told):3}")
    assert all(len(row) >= 10 for row in rows.values())
    assert not [sample.name for sample in told if not sample.read().text]
    assert sum(right.values()) >= AIM * len(told)


def test_a_letter_of_nothing_but_a_quote_is_shown_whole():
    told = words("> Когда приедете?\n", "", "Re: Заказ")
    assert told.text == "> Когда приедете?"
    assert not told.shortened


def test_a_letter_of_nothing_but_a_signature_keeps_it():
    assert words("С уважением,\nИван", "", "").text == "С уважением,\nИван"


def test_the_text_speaks_when_the_html_is_empty():
    assert words("Из текста", "<html><body><img src='https://t.example/p.gif'></body></html>", "").text == "Из текста"


def test_a_line_that_the_writer_drew_cuts_nothing():
    ruled = "<div style='border:none;border-top:solid #E1E1E1 1.0pt'>"
    told = words("", f"<p>Сверху</p>{ruled}<p>Снизу</p></div><hr style='width:98%'><p>Ещё ниже</p>", "Вопрос")
    assert [line for line in told.text.split("\n") if line] == ["Сверху", "Снизу", "Ещё ниже"]
    assert not told.shortened


def test_outlooks_fields_are_known_in_any_language_under_its_line():
    fields = "<b>Von:</b> A<br><b>Gesendet:</b> Montag<br><b>An:</b> B<br><b>Betreff:</b> C"
    ruled = "<div style='border:none;border-top:solid #E1E1E1 1.0pt'>"
    assert words("", f"<p>Ja</p>{ruled}<p>{fields}</p></div><p>Früher</p>", "AW: C").text == "Ja"


@pytest.mark.parametrize("charset", ["koi8-r", "cp1251", "utf-8"])
def test_the_words_are_the_same_through_mime(charset: str):
    for sample in (sample for sample in samples("held_out") if _fits(sample, charset)):
        parts = "".join(
            f"--bb\nContent-Type: text/{kind}; charset={charset}\nContent-Transfer-Encoding: base64\n\n"
            f"{encodebytes(body.encode(charset)).decode()}\n"
            for kind, body in (("plain", sample.text), ("html", sample.html))
            if body
        )
        subject = f"=?{charset}?B?{encodebytes(sample.subject.encode(charset)).decode().strip()}?="
        found = reading(f"Subject: {subject}\nContent-Type: multipart/alternative; boundary=bb\n\n{parts}--bb--\n")
        assert found.text == sample.read().text
        assert found.letter.subject == sample.subject
        assert found.letter.shortened == sample.read().shortened


def _fits(sample: Sample, charset: str) -> bool:
    try:
        (sample.text + sample.html + sample.subject).encode(charset)
    except UnicodeEncodeError:
        return False
    return True
