"""The way in: durable, once, and shared commits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import event

from connector.errors import PermanentError
from connector.journal import Envelope, Journal
from connector.speech import Text
from tests.contract.journal.making import (
    MAIN,
    a_delivery,
    a_request,
    a_trace,
    an_envelope,
    drained,
    jammed,
    leased,
    put,
)


def test_a_new_request_is_accepted_with_its_deliveries(journal: Journal) -> None:
    trace = put(journal, a_delivery(text="one"), a_delivery(text="two", destination="account:shop"))
    rows = journal.trace(trace)["deliveries"]
    assert [(row["destination"], row["event"]["text"], row["state"]) for row in rows] == [
        (MAIN, "one", "waiting"),
        ("account:shop", "two", "waiting"),
    ]


def test_a_repeat_is_acknowledged_and_forgotten(journal: Journal) -> None:
    assert journal.accept(an_envelope("update-7"), [a_delivery()])
    assert not journal.accept(an_envelope("update-7"), [a_delivery()])
    assert journal.stats()[MAIN]["waiting"] == 1
    assert len(journal.list("envelopes")) == 1


def test_the_same_key_of_another_account_is_no_repeat(journal: Journal) -> None:
    assert journal.accept(an_envelope("update-7"), [])
    assert journal.accept(an_envelope("update-7", account="support"), [])


def test_the_very_same_envelope_fed_again_is_a_repeat(journal: Journal) -> None:
    envelope = an_envelope()
    assert journal.accept(envelope, [a_delivery()])
    assert not journal.accept(envelope, [a_delivery()])
    assert journal.stats()[MAIN]["waiting"] == 1


@pytest.mark.parametrize("same_trace", [True, False])
def test_of_many_repeats_at_once_exactly_one_is_new(
    journal: Journal, opened: Callable[[], Journal], same_trace: bool
) -> None:
    same = an_envelope("storm")

    def knock(number: int) -> bool:
        envelope = same if same_trace else replace(same, trace=a_trace())
        return journal.accept(envelope, [a_delivery()])

    with ThreadPoolExecutor(24) as pool:
        with jammed(opened()):
            pool.submit(journal.accept, an_envelope("first in the queue"), [])
            time.sleep(0.1)  # it is under way now: all others share the next batch
            answers = [pool.submit(knock, number) for number in range(23)]
        assert sum(answer.result() for answer in answers) == 1
    assert journal.stats()[MAIN]["waiting"] == 1


def test_callers_of_one_moment_share_commits(journal: Journal, opened: Callable[[], Journal]) -> None:
    commits: list[object] = []
    event.listen(journal.store.process().writer, "commit", commits.append)
    at_the_door = threading.Barrier(49)

    def knock(number: int) -> bool:
        at_the_door.wait(20)
        return journal.accept(an_envelope(), [a_delivery(lane=str(number))])

    with ThreadPoolExecutor(48) as pool:
        with jammed(opened()):
            answers = [pool.submit(knock, number) for number in range(48)]
            at_the_door.wait(20)
            time.sleep(0.2)  # all stand in the queue now, or almost all
        assert all(answer.result() for answer in answers)
    assert 1 <= len(commits) < 24


def test_a_refused_row_hurts_its_own_caller_only(journal: Journal) -> None:
    taken = an_envelope()
    assert journal.accept(taken, [])
    envelopes = [an_envelope() for _ in range(20)]
    envelopes[7] = replace(envelopes[7], trace=taken.trace)
    barrier = threading.Barrier(20)

    def knock(envelope: Envelope) -> bool | str:
        barrier.wait()
        try:
            return journal.accept(envelope, [a_delivery()])
        except PermanentError as error:
            return error.cause

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(knock, envelopes))
    assert answers[7] == "journal.unwritable"
    assert answers[:7] + answers[8:] == [True] * 19


def test_order_of_arrival_is_kept_inside_one_request(journal: Journal) -> None:
    words = [str(number) for number in range(30)]
    put(journal, *[a_delivery(text=word) for word in words])
    assert drained(journal, leased(journal)) == words


@pytest.mark.parametrize("evil", ["a\0b", "\ud800", "'; DROP TABLE envelopes; --", "%s %(x)s :x ?", "😀" * 500])
def test_hostile_text_is_kept_and_never_obeyed(journal: Journal, evil: str) -> None:
    request = a_request(path=evil, query=evil, headers={"x": evil}, body=evil.encode(errors="surrogatepass"))
    envelope = an_envelope(dedupe_key=evil, request=request, detail=evil)
    assert journal.accept(envelope, [a_delivery(lane=evil, position=2**70, group=evil)])
    assert not journal.accept(replace(envelope, trace=a_trace()), [])
    claimed = journal.claim(leased(journal), lanes=1)
    assert len(claimed) == 1
    assert journal.envelope(envelope.trace).request.body == request.body


def test_an_event_that_cannot_be_written_down_is_refused_to_its_caller(journal: Journal) -> None:
    with pytest.raises(PermanentError) as caught:
        journal.accept(an_envelope(), [a_delivery(text="\ud800")])
    assert caught.value.cause == "journal.unwritable"
    assert journal.list("envelopes") == []


def test_secrets_of_headers_and_query_are_masked_and_the_body_is_not_touched(journal: Journal) -> None:
    headers = {
        "authorization": "Bearer 1",
        "cookie": "2",
        "x-telegram-bot-api-secret-token": "3",
        "webhook-signature": "4",
        "x-api-key": "5",
        "user-agent": "sender/1",
    }
    request = a_request(headers=headers, query="token=6&chat=7&se%63ret=8", body=b"\x00\xff secret=9")
    envelope = an_envelope(request=request)
    journal.accept(envelope, [])
    kept = journal.envelope(envelope.trace).request
    assert set(kept.headers.values()) == {"***", "sender/1"}
    assert kept.query == "token=***&chat=7&se%63ret=***"
    assert kept.body == request.body
    assert kept.received_at == request.received_at


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/hooks/cloud/0f1e2d3c4b5a69788796a5b4", "/hooks/cloud/***"),
        ("/hooks/cloud/events/0f1e2d3c4b5a69788796a5b4/", "/hooks/cloud/events/***/"),
        ("/hooks/office/events/record/added", "/hooks/office/events/record/added"),
        ("/hooks/a-name-of-thirty-one-characters", "/hooks/a-name-of-thirty-one-characters"),
        ("/bitrix24/events", "/bitrix24/events"),
    ],
)
def test_a_secret_at_the_end_of_a_hook_is_masked(journal: Journal, path: str, kept: str) -> None:
    envelope = an_envelope(request=replace(a_request(), path=path))
    journal.accept(envelope, [])
    assert journal.envelope(envelope.trace).request.path == kept


def test_what_could_not_be_read_is_kept_parked(journal: Journal) -> None:
    hint = Text("Look", "Смотри")
    journal.accept(an_envelope(state="parked", cause="telegram.unreadable", hint=hint, detail="line 1"), [])
    row = journal.list("envelopes", state="parked")[0]
    assert (row["cause"], row["hint"], row["detail"]) == (
        "telegram.unreadable",
        {"en": "Look", "ru": "Смотри"},
        "line 1",
    )
    assert journal.envelope(row["trace"]).hint == hint


def test_the_wake_names_the_destinations_that_got_work(journal: Journal) -> None:
    told: list[set[str]] = []
    heard = threading.Event()

    def wake(destinations: set[str]) -> None:
        told.append(destinations)
        heard.set()

    journal.on_commit = wake
    put(journal, a_delivery(), a_delivery(destination="account:shop"))
    assert heard.wait(5)
    assert told == [{MAIN, "account:shop"}]


def test_a_repeat_wakes_nobody(journal: Journal) -> None:
    told: list[set[str]] = []
    journal.accept(an_envelope("again"), [a_delivery()])
    journal.close()
    journal.on_commit = told.append
    journal.accept(an_envelope("again"), [a_delivery()])
    journal.close()
    assert told == []


def test_a_wake_that_fails_or_hangs_delays_nobody(journal: Journal) -> None:
    hanging = threading.Event()

    def wake(destinations: set[str]) -> None:
        hanging.wait(10)
        raise ConnectionError("Redis is away")

    journal.on_commit = wake
    put(journal, a_delivery())
    put(journal, a_delivery())
    hanging.set()
    assert journal.stats()[MAIN]["waiting"] == 2


def test_after_closing_it_may_be_used_again(journal: Journal, opened: Callable[[], Journal]) -> None:
    put(journal, a_delivery(text="before"))
    journal.close()
    put(journal, a_delivery(text="after"))
    assert drained(opened(), leased(journal)) == ["before", "after"]
