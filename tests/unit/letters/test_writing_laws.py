"""Whatever is written, the bytes are a letter, and two readers read in it what was meant."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector.letters.charsets import one_line
from connector.letters.headers import decoded, every, first, ids, mailbox
from connector.letters.lines import LONGEST_ID
from connector.letters.rendering import as_text
from connector.letters.writing import Enclosure
from tests.unit.letters.shelf import Shelf
from tests.unit.letters.test_writing import CONVERSATION, OURS, body, paper, parsed

ANY = st.text(st.characters(), max_size=200)
NASTY = st.one_of(
    ANY,
    st.text(st.sampled_from("\r\n\0 \t=?<>\",;:@()[]абЯ№😀\u2028\ud800%'*\\"), max_size=80),
    st.text(st.sampled_from("слово word, =?utf-8?"), min_size=150, max_size=390),
)
ID = st.from_regex(r"[!#-9A-Z^-z]{1,40}@[a-z0-9.-]{1,40}", fullmatch=True)


def told(text: str) -> str:
    return one_line(text)


@given(NASTY, NASTY, NASTY)
def test_subject_and_name_come_back_and_no_line_is_too_long(subject: str, name: str, text: str):
    written = paper(text, subject=subject, to_name=name)
    assert written.raw.isascii()
    assert all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in written.raw.split(b"\r\n"))
    headers = Shelf().digest(written.raw)["headers"]
    assert decoded(first(headers, "subject")) == told(subject)
    assert (parsed(written)["Subject"] or "") == told(subject)
    assert mailbox(first(headers, "to"))[1] == "ivan@client.example"
    assert decoded(first(headers, "to").rpartition("<")[0]) == told(told(name)[:100])
    # The standard reader of names puts a blank between two encoded words.
    ((shown, address),) = [(one.display_name, one.addr_spec) for one in parsed(written)["To"].addresses]
    assert (shown.replace(" ", ""), address) == (told(name)[:100].replace(" ", ""), written.to)
    assert {key.lower() for key, _ in headers} == {
        "from", "to", "subject", "date", "message-id", "mime-version", "content-type",
    } - ({"subject"} if not told(subject) else set())  # fmt: skip


@given(NASTY, NASTY)
def test_the_text_comes_back_in_both_readers(text: str, signature: str):
    written = paper(text, signature=signature)
    meant = as_text(text, signature)
    assert body(written) == meant
    assert Shelf().digest(written.raw)["text"].replace("\r\n", "\n") == meant


@given(st.lists(ID, max_size=30), ID)
def test_ids_come_back_in_their_order(chain: list[str], last: str):
    written = paper(references=tuple(chain), in_reply_to=last)
    headers = Shelf().digest(written.raw)["headers"]
    assert ids(every(headers, "references")) == tuple(dict.fromkeys(chain))
    assert ids(every(headers, "in-reply-to")) == (last,)
    assert ids(every(headers, "message-id")) == (OURS,)


@given(st.lists(st.one_of(ANY, st.just("x" * LONGEST_ID + "@y")), max_size=5))
def test_ids_that_are_none_break_nothing(chain: list[str]):
    written = paper(references=tuple(chain))
    assert written.raw.isascii()
    assert all(len(line) <= 998 for line in written.raw.split(b"\r\n"))
    assert ids([parsed(written)["Message-ID"]]) == (OURS,)


@given(NASTY, st.binary(max_size=300), NASTY)
def test_files_come_back_whatever_they_are_called(name: str, data: bytes, mime: str):
    written = paper("", Enclosure(name=name, mime=mime, data=data))
    assert written.raw.isascii()
    assert all(len(line) <= 998 for line in written.raw.split(b"\r\n"))
    (part,) = parsed(written).iter_attachments()
    shelf = Shelf()
    kept: list[Any] = shelf.digest(written.raw)["parts"]
    if data:
        (one,) = kept
        assert shelf.files[one["key"]][2] == data
        assert one["name"] == part.get_filename()
    assert CONVERSATION in OURS
