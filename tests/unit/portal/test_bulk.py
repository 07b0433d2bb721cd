from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import ConnectorError, PermanentError, TransientError
from connector.portal import Outcome, must_go_alone
from tests.unit.portal.bulk_portal import Library, Meeting, Shelf, Writer

REQUESTS = st.lists(st.sampled_from(["ok", "ok", "away", "limited", "lost_before", "lost_after", "empty"]), max_size=25)
COMMANDS = st.lists(st.sampled_from(["ok", "ok", "ok", "refused", "lost", "limited", "not_run"]), max_size=120)


def named(count: int, alone: set[int]) -> list[tuple[int, str, dict[str, Any]]]:
    texts = [f"{number} $result[x]" if number in alone else f"{number}" for number in range(count)]
    return [(number, f"method.{number % 3}", {"name": text}) for number, text in enumerate(texts)]


def carried(
    writer: Writer, commands: list[Any], at_once: int = 1
) -> tuple[list[tuple[Any, Outcome]], int, ConnectorError | None]:
    """The outcomes, how many commands were taken, and what ended the run."""
    taken = 0

    def supply() -> Iterator[Any]:
        nonlocal taken
        for command in commands:
            taken += 1
            yield command

    outcomes: list[tuple[Any, Outcome]] = []
    try:
        for pair in writer.bulk().write(supply(), at_once=at_once):
            outcomes.append(pair)
    except ConnectorError as ended:
        return outcomes, taken, ended
    return outcomes, taken, None


@settings(max_examples=60, deadline=None)
@given(
    requests=REQUESTS,
    commands=COMMANDS,
    count=st.integers(0, 160),
    alone=st.sets(st.integers(0, 160), max_size=5),
    at_once=st.sampled_from([1, 1, 3]),
)
def test_whatever_goes_wrong_each_command_has_one_outcome_and_none_runs_twice(
    requests: list[str], commands: list[str], count: int, alone: set[int], at_once: int
):
    writer = Writer(iter(requests), iter(commands))
    given_commands = named(count, alone)
    outcomes, taken, ended = carried(writer, given_commands, at_once)
    assert [key for key, _ in outcomes] == list(range(taken))
    assert ended is not None or taken == count
    for key, outcome in outcomes:
        ran = writer.done[given_commands[key][2]["name"]]
        doubtful = isinstance(outcome.error, TransientError) and outcome.error.maybe_done
        assert ran == 1 if outcome.state == "ok" else ran <= (1 if doubtful and outcome.state == "failed" else 0)
    assert not any(outcome.error and outcome.error.cause.endswith("limit") for _, outcome in outcomes)


@settings(max_examples=60, deadline=None)
@given(
    requests=REQUESTS,
    commands=COMMANDS,
    ids=st.sets(st.integers(1, 2000), max_size=500),
    shape=st.sampled_from([("", "ID", ""), ("items", "id", "id"), ("tasks", "id", "ID")]),
)
def test_whatever_goes_wrong_every_row_comes_once_and_in_order(
    requests: list[str], commands: list[str], ids: set[int], shape: tuple[str, str, str]
):
    wrap, spelled, key = shape
    # A refusal of a single page is raised as it is: another test.
    told = iter([command for command in commands if command != "refused"])
    library = Library(iter(requests), told, ids=sorted(ids), wrap=wrap, spelled=spelled)
    seen: list[int] = []
    ended = None
    try:
        for page in library.bulk().rows("any.list", key=key):
            assert 0 < len(page) <= 50
            seen.extend(int(row[spelled]) for row in page)
    except TransientError as lasting:
        ended = lasting
    assert ended is None or ended.cause in ("test.away", "test.lost")
    assert seen == sorted(ids)[: len(seen) if ended else None]


def test_a_chain_that_was_refused_in_the_middle_goes_on_page_by_page():
    commands = iter([*["ok"] * 5, "refused"])
    library = Library(iter([]), commands, ids=range(1, 1001))
    assert [int(row["ID"]) for page in library.bulk().rows("any.list") for row in page] == list(range(1, 1001))


@pytest.mark.parametrize("after", ["refused", "not_run"])
def test_an_empty_page_before_a_failure_is_not_the_end(after: str):
    commands = iter([*["ok"] * 4, "blank", after])
    library = Library(iter([]), commands, ids=range(1, 1001))
    assert [int(row["ID"]) for page in library.bulk().rows("any.list") for row in page] == list(range(1, 1001))


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [(["NAME"], ["ID", "NAME"]), (["id", "NAME"], ["id", "NAME"]), (["*"], ["*"]), ([], [])],
)
def test_the_id_is_always_among_the_fields(wanted: list[str], asked: list[str]):
    library = Library(iter([]), iter([]), ids=range(1, 10))
    list(library.bulk().rows("any.list", {"select": wanted}))
    assert library.selected == asked


@pytest.mark.parametrize(("size", "phantom"), [(50, False), (50, True), (10, False)])
@pytest.mark.parametrize("count", [0, 10, 50, 100, 333])
def test_offsets_follow_the_step_of_the_portal_and_ask_for_no_page_twice(count: int, size: int, phantom: bool):
    shelf = Shelf(iter([]), iter([]), count=count, size=size, phantom=phantom)
    pages = shelf.bulk().rows("crm.timeline.logmessage.list")
    assert [int(row["ID"]) for page in pages for row in page] == list(range(1, count + 1))
    assert shelf.starts == list(range(0, max(count, 1) + (size if phantom and count else 0), size))


def test_a_refused_page_is_raised():
    with pytest.raises(PermanentError) as caught:
        list(Library(iter([]), iter(["refused"]), ids=range(1, 10)).bulk().rows("any.list"))
    assert caught.value.cause == "test.refused"


def test_a_method_that_does_not_go_on_from_the_last_id_is_given_up_at_once():
    library = Library(iter([]), iter([]), ids=range(1, 1001), shown=lambda _: range(1, 1001))
    pages = library.bulk().rows("any.list")
    assert len(next(pages)) == 50
    with pytest.raises(PermanentError) as caught:
        next(pages)
    assert caught.value.cause == "portal.rows_stalled"
    assert library.sent == 2


def test_rows_out_of_order_are_given_up_before_one_is_lost():
    library = Library(iter([]), iter([]), ids=range(1, 101), shown=lambda numbers: list(reversed(numbers)))
    with pytest.raises(PermanentError) as caught:
        list(library.bulk().rows("any.list"))
    assert caught.value.cause == "portal.rows_stalled"


def test_rows_without_an_id_say_which_field_is_missing():
    library = Library(iter([]), iter([]), ids=range(1, 101), spelled="NUMBER")
    with pytest.raises(PermanentError) as caught:
        list(library.bulk().rows("any.list"))
    assert caught.value.cause == "portal.rows_without_id"
    assert "ID" in caught.value.hint.ru


def test_a_filter_that_a_batch_would_rewrite_is_read_page_by_page():
    library = Library(iter([]), iter([]), ids=range(1, 301))
    params = {"select": ["$result[x]"]}
    assert must_go_alone(params)
    assert sum(len(page) for page in library.bulk().rows("any.list", params)) == 300
    assert all(isinstance(after, int) for after in library.asked)


def test_a_command_that_is_skipped_again_and_again_is_handed_back():
    writer = Writer(iter(["empty"] * 9), iter([]))
    outcomes = [outcome for _, outcome in writer.bulk().write(named(2, set()))]
    assert [outcome.state for outcome in outcomes] == ["not_run", "not_run"]
    assert writer.sent == 3


def test_requests_may_be_under_way_together_and_outcomes_keep_the_order():
    writer = Meeting(iter([]), iter([]), guests=4)
    outcomes, taken, ended = carried(writer, named(400, set()), at_once=4)
    assert (taken, ended) == (400, None)
    assert [(key, outcome.state) for key, outcome in outcomes] == [(key, "ok") for key in range(400)]


def test_a_method_that_waits_for_longer_than_the_patience_ends_the_run():
    writer = Writer(iter(["limited"] * 1000), iter([]))
    seen: list[Outcome] = []
    with pytest.raises(TransientError) as caught:
        seen.extend(outcome for _, outcome in writer.bulk(patience=600.0).write(named(2, set())))
    assert caught.value.cause == "bitrix24.operating_limit"
    assert 500 < sum(writer.clock.slept) <= 600


def test_lost_answers_in_a_row_end_the_run_and_make_packs_smaller():
    writer = Writer(iter(["lost_before"] * 100), iter([]))
    outcomes, taken, ended = carried(writer, named(1000, set()))
    assert isinstance(ended, TransientError)
    assert writer.sent == 6
    assert taken < 250
    states = [outcome.state for _, outcome in outcomes]
    assert states == ["failed"] * states.count("failed") + ["not_run"] * states.count("not_run")
    assert states.count("not_run")
