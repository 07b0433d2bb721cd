"""The spool: what is acknowledged while the database is away."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import PermanentError
from connector.journal import Envelope, Journal, JournalAway, NewDelivery
from connector.journal.spool import Spool
from connector.speech import Text
from tests.contract.journal.making import RECEIVED, a_delivery, a_request, an_envelope, drained, leased


class Taker:
    """A journal that remembers what it was fed; it goes away after ``patience`` lines."""

    def __init__(self, patience: int = 10**6) -> None:
        self.fed: list[tuple[Envelope, list[NewDelivery]]] = []
        self.patience = patience

    def __call__(self, envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bool:
        if len(self.fed) >= self.patience:
            raise JournalAway("gone again")
        self.fed.append((envelope, list(deliveries)))
        return True

    @property
    def keys(self) -> list[str]:
        """The dedupe keys in order."""
        return [envelope.dedupe_key for envelope, _ in self.fed]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def test_what_goes_in_comes_out_the_same_and_tells_when_it_arrived(spool: Spool) -> None:
    body = bytes(range(256))
    request = a_request(body=body, query="a=1", headers={"x": "ы"}, remote="10.0.0.1")
    envelope = an_envelope(request=request, state="parked", cause="x.y", hint=Text("a", "б"), detail="z")
    delivery = a_delivery(text="привет\n", position=7, due_at=RECEIVED + timedelta(seconds=1.5), group="al")
    spool.append(envelope, [delivery])
    taker = Taker()
    assert spool.drain(taker) == 1
    assert taker.fed == [(envelope, [replace(delivery, arrived_at=request.received_at)])]


def test_it_waits_until_everything_was_fed_back(spool: Spool) -> None:
    assert not spool.pending()
    spool.append(an_envelope(), [])
    assert spool.pending()
    assert spool.drain(Taker()) == 1
    assert not spool.pending()
    assert spool.drain(Taker()) == 0


def test_order_is_kept(spool: Spool) -> None:
    for number in range(50):
        spool.append(an_envelope(str(number)), [])
    taker = Taker()
    spool.drain(taker)
    assert taker.keys == [str(number) for number in range(50)]


def test_a_journal_that_goes_away_again_loses_nothing(spool: Spool) -> None:
    for number in range(6):
        spool.append(an_envelope(str(number)), [])
    with pytest.raises(JournalAway):
        spool.drain(Taker(patience=3))
    assert spool.pending()
    spool.append(an_envelope("6"), [])
    taker = Taker()
    assert spool.drain(taker) == 7
    assert taker.keys == [str(number) for number in range(7)]


def test_newcomers_during_a_drain_come_after_it(spool: Spool) -> None:
    spool.append(an_envelope("0"), [])
    fed: list[str] = []

    def accept(envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bool:
        assert spool.pending()
        if not fed:
            spool.append(an_envelope("1"), [])
        fed.append(envelope.dedupe_key)
        return True

    assert spool.drain(accept) == 2
    assert fed == ["0", "1"]


def test_only_one_drains_at_a_time(spool: Spool) -> None:
    spool.append(an_envelope(), [])
    inside, go_on = threading.Event(), threading.Event()

    def accept(envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bool:
        inside.set()
        return go_on.wait(10)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(spool.drain, accept)
        assert inside.wait(10)
        assert spool.drain(Taker()) == 0
        go_on.set()
        assert first.result() == 1


def test_many_writers_do_not_mix_their_lines(spool: Spool) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: spool.append(an_envelope(str(number)), [a_delivery()]), range(80)))
    taker = Taker()
    assert spool.drain(taker) == 80
    assert set(taker.keys) == {str(number) for number in range(80)}


def test_a_torn_last_line_is_skipped_and_the_next_one_is_whole(spool: Spool, tmp_path: Path) -> None:
    spool.append(an_envelope("whole"), [])
    file = tmp_path / "spool" / "spool.jsonl"
    line = file.read_bytes()
    file.write_bytes(line + line[: len(line) // 2])
    taker = Taker()
    assert spool.drain(taker) == 1
    assert not spool.pending()
    spool.append(an_envelope("next"), [])
    file.write_bytes(line[: len(line) // 2])
    spool.append(an_envelope("after"), [])
    spool.drain(taker)
    assert taker.keys == ["whole", "after"]


@pytest.mark.parametrize(
    "line", [b"\xff\xfe\n", b"{}\n", b"[]\n", b"null\n", b'{"request": {}}\n', b"\n\n", b"[" * 100_000 + b"\n"]
)
def test_a_line_that_nobody_can_read_is_kept_aside_and_stops_nobody(spool: Spool, tmp_path: Path, line: bytes) -> None:
    spool.append(an_envelope("before"), [])
    file = tmp_path / "spool" / "spool.jsonl"
    file.write_bytes(file.read_bytes() + line)
    spool.append(an_envelope("after"), [])
    taker = Taker()
    assert spool.drain(taker) == 2
    assert taker.keys == ["before", "after"]
    rejected = tmp_path / "spool" / "rejected.jsonl"
    assert not line.strip() or rejected.read_bytes() == line


def test_what_the_journal_refuses_for_good_is_kept_aside(spool: Spool, tmp_path: Path) -> None:
    def refuse(envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bool:
        raise PermanentError("journal.unwritable", hint=Text("x", "x"))

    spool.append(an_envelope("odd"), [])
    assert spool.drain(refuse) == 0
    assert not spool.pending()
    assert b"odd" in (tmp_path / "spool" / "rejected.jsonl").read_bytes()


def test_secrets_do_not_lie_open_in_it(spool: Spool, tmp_path: Path) -> None:
    request = a_request(headers={"authorization": "Bearer hush"}, query="token=hush")
    request = replace(request, path="/hooks/cloud/" + "hush" * 6)
    spool.append(an_envelope(request=request), [])
    file = tmp_path / "spool" / "spool.jsonl"
    assert b"hush" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_a_disk_that_refuses_is_said_and_nothing_half_stays(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    with pytest.raises(JournalAway):
        Spool(tmp_path / "spool").append(an_envelope(), [])


def test_an_event_that_cannot_be_written_down_is_refused(spool: Spool) -> None:
    with pytest.raises(PermanentError):
        spool.append(an_envelope(), [a_delivery(text="\ud800")])
    assert not spool.pending()


def test_fed_to_the_journal_twice_it_is_there_once(spool: Spool, journal: Journal) -> None:
    envelope = an_envelope()
    spool.append(envelope, [a_delivery(text="once")])
    journal.accept(envelope, [a_delivery(text="once")])
    assert spool.drain(journal.accept) == 1
    assert drained(journal, leased(journal)) == ["once"]
