"""The manager's wire, whatever the network does to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.providers.asterisk.standin import Board, Wish
from connector.providers.asterisk.standin.scenes import answered
from connector.providers.asterisk.wire import LONGEST, Block, BrokenStreamError, Framer, packed

GREETING = b"Asterisk Call Manager/9.0.0\r\n"


def fed(stream: bytes, cuts: list[int]) -> list[bytes]:
    """The blocks of a stream that comes in pieces."""
    framer, blocks, before = Framer(), [], 0
    for cut in [*sorted(at % (len(stream) + 1) for at in cuts), len(stream)]:
        blocks += framer.feed(stream[before:cut])
        before = cut
    return blocks


@given(st.lists(st.integers(0, 10**6), max_size=40))
def test_a_stream_reads_the_same_however_it_is_split(cuts):
    texts = [frame.text for frame in answered(Board(noise=True), Wish(name="Ёж 🦔")).frames]
    stream = GREETING + b"".join(text.encode() + b"\r\n" for text in texts)
    assert fed(stream, cuts) == [text.encode().rstrip() for text in texts]


def test_a_letter_that_is_cut_in_two_is_whole_again():
    stream = GREETING + "Event: X\r\nCallerIDName: Иван\r\n\r\n".encode()
    for cut in range(len(stream)):
        (block,) = fed(stream, [cut])
        assert Block.read(block)["CallerIDName"] == "Иван"


def test_bytes_that_are_not_utf_8_do_not_spoil_the_rest():
    block = Block.read(b"Event: X\r\nCallerIDName: \xcf\xe5\xf2\xf0\r\nExten: 101\r\nNul: a\0b")
    assert (block["Exten"], block["CallerIDName"]) == ("101", "\ufffd" * 4)
    assert block["Nul"] == "a\ufffdb"


def test_repeated_keys_are_all_there_and_values_may_hold_colons():
    block = Block.read(b"ChanVariable: a=1\r\nChanVariable: b=2\r\nAppData: sip:101@x: y\r\nno colon here")
    assert (block["chanvariable"], list(block.all("ChanVariable"))) == ("a=1", ["a=1", "b=2"])
    assert block["AppData"] == "sip:101@x: y"
    assert block["never"] == ""


def test_somebody_who_is_no_manager_is_noticed():
    for greeting in (b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"x" * (LONGEST + 1)):
        with pytest.raises(BrokenStreamError):
            Framer().feed(greeting)


def test_a_block_without_an_end_is_not_gathered_for_ever():
    framer = Framer()
    framer.feed(GREETING)
    framer.feed(b"Key: " + b"x" * (LONGEST - 10))
    with pytest.raises(BrokenStreamError):
        framer.feed(b"x" * 10)


def test_a_value_cannot_begin_another_action():
    sent = packed([("Action", "Originate"), ("Exten", "101\r\n\r\nAction: Command\r\nCommand: core stop now")])
    assert sent.count(b"\r\n\r\n") == 1
    assert sent.count(b"\r\n") == 3


@given(st.lists(st.tuples(st.sampled_from(["Action", "Variable"]), st.text(max_size=40)), min_size=1, max_size=6))
def test_what_is_packed_is_one_block_with_its_lines(pairs):
    (block,) = fed(GREETING + packed(pairs), [])
    assert len(block.split(b"\r\n")) == len(pairs)
