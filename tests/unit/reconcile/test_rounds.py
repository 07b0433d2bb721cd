from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from connector.errors import ConnectorError, PermanentError, TransientError
from connector.journal import Envelope, NewDelivery
from connector.journal.recent import Place
from connector.portal import Outcome
from connector.reconcile import due, mark_of, reconcile
from connector.reconcile.rounds import AT_ONCE
from connector.speech import Text
from tests.conftest import FakeClock
from tests.unit.reconcile.histories import PREFIX, history, message

HINT = Text("wait", "подождите")
SHOP = SimpleNamespace(name="shop", portal="main", settings=None)


class FakePortal:
    """Histories by chat or session; ``answers`` come first, one per batch, and may be errors."""

    name, connector_prefix = "main", PREFIX

    def __init__(self) -> None:
        self.histories: dict[str, Any] = {}
        self.asked: list[list[str]] = []
        self.answers: list[Any] = []
        self.line: Any = {"OPERATOR_DATA": "profile"}

    def installed(self) -> bool:
        return True

    def batch(self, commands: Mapping[str, tuple[str, Mapping[str, str]]], *, live: bool) -> dict[str, Outcome]:
        assert not live
        names = {key: next(iter(params.values())) for key, (_, params) in commands.items()}
        self.asked.append(list(names.values()))
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        return {key: answer.get(name) or self._history(name) for key, name in names.items()}

    def call(self, method: str, params: Mapping[str, Any], *, live: bool) -> Any:
        assert (method, params["CONFIG_ID"]) == ("imopenlines.config.get", "3")
        if isinstance(self.line, Exception):
            raise self.line
        return self.line

    def _history(self, name: str) -> Outcome:
        return Outcome(state="ok", result=self.histories.get(name, {}))


class FakeBook:
    """A journal that knows these conversations."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.links: dict[tuple[str, str], Any] = {}
        self.free = True

    @contextmanager
    def lock(self, name: str, *, ttl: float) -> Iterator[bool]:
        yield self.free

    def conversations(self, owner: str, *, since: datetime, opened: datetime) -> dict[str, Place]:
        return self.places

    def replies(self, owner: str, names: Sequence[str], *, since: datetime) -> dict[str, list[Any]]:
        return {}

    def recall(self, kind: str, key: str) -> Any:
        return self.links.get((kind, key))

    def remember(self, kind: str, key: str, value: Any, *, owner: str = "") -> None:
        self.links[kind, key] = value


class House:
    """The wired connector as far as a round sees it."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.journal, self.portal = clock, FakeBook(), FakePortal()
        self.portals = {"main": self.portal}
        self.accounts = {"shop": SHOP, "far": SimpleNamespace(name="far", portal="second", settings=None)}
        self.settings = SimpleNamespace(limits=SimpleNamespace(message_hours=24, envelope_days=90))
        self.kept: list[tuple[Envelope, Sequence[NewDelivery]]] = []
        self.intake = self

    def keep(self, envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bool:
        fresh = envelope.dedupe_key not in [kept.dedupe_key for kept, _ in self.kept]
        self.kept += [(envelope, deliveries)] if fresh else []
        return fresh

    def talk(self, *names: str, session: str = "") -> None:
        for name in names:
            sessions = frozenset({session} if session else ())
            self.journal.places[f"shop.{name}"] = Place(chat_id=name, sessions=sessions)

    def lost(self, chat: str, number: int, *, ago: float = 600.0) -> None:
        stamp = int(self.clock().timestamp() - ago)
        row = message(number, sendingTs=stamp)
        code = f"{PREFIX}telegram|3|shop.{chat}|585"
        about = {"entityId": code}
        self.portal.histories[chat] = history(row, code=code, chatId=chat, chat={chat: about})

    def look(self, **more: Any) -> Any:
        return reconcile(self, "main", **more)  # type: ignore[arg-type]


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock)


def failed(error: ConnectorError) -> Outcome:
    return Outcome(state="failed", error=error)


def test_a_lost_reply_goes_to_its_accounts_lane_in_its_place(house):
    house.talk("7")
    house.lost("7", 86)
    report = house.look()
    assert (report.chats, report.found, report.ended) == (1, 1, True)
    ((envelope, (delivery,)),) = house.kept
    assert (envelope.account, envelope.state, envelope.cause) == ("portal:main", "accepted", "reply.found_late")
    assert (delivery.destination, delivery.lane, delivery.position) == ("account:shop", "shop.7", 86)


@pytest.mark.parametrize("ago", [30.0, 7200.0])
def test_what_lies_outside_the_window_is_left_alone(house, ago):
    house.talk("7")
    house.lost("7", 86, ago=ago)
    assert house.look().found == 0


def test_conversations_of_another_portals_accounts_are_not_read(house):
    house.journal.places["far.7"] = house.journal.places["gone.7"] = Place(chat_id="7")
    assert (house.look().chats, house.portal.asked) == (0, [])


def test_histories_are_read_many_at_once(house):
    house.talk(*(f"{number:03}" for number in range(AT_ONCE + 5)))
    house.look()
    assert [len(asked) for asked in house.portal.asked] == [AT_ONCE, 5]


def test_a_session_that_is_not_the_latest_is_read_as_well(house):
    house.talk("7", session="41")
    house.lost("7", 86)
    house.look()
    assert house.portal.asked == [["7"], ["41"]]
    house.journal.links.clear()
    house.talk("7", session="42")
    house.portal.asked.clear()
    house.look()
    assert house.portal.asked == [["7"]]


def test_a_chat_that_may_not_be_seen_is_passed_over_and_counted(house):
    house.talk("7", "8")
    house.lost("8", 86)
    house.portal.answers = [{"7": failed(PermanentError("bitrix24.access_denied", hint=HINT))}]
    report = house.look()
    assert (report.unreadable, report.found, report.ended) == (1, 1, True)
    assert mark_of(house.journal, "main").unreadable == 1


@pytest.mark.parametrize("inside", [True, False])
def test_a_failure_that_passes_ends_the_attempt_and_the_window_waits(house, inside):
    house.talk("7")
    house.lost("7", 86)
    error = TransientError("bitrix24.operating_limit", hint=HINT, retry_after=5)
    house.portal.answers = [{"7": failed(error)} if inside else error]
    with pytest.raises(TransientError):
        house.look()
    assert due(house, "main")
    assert house.look().found == 1
    assert not due(house, "main")


def test_an_attempt_that_broke_off_goes_on_behind_what_was_read(house):
    house.talk(*(f"{number:03}" for number in range(AT_ONCE + 1)))
    house.lost("000", 86)
    house.portal.answers = [{}, TransientError("network.timeout", hint=HINT)]
    with pytest.raises(TransientError):
        house.look()
    house.portal.asked.clear()
    assert house.look().ended
    assert house.portal.asked == [[f"{AT_ONCE:03}"]]
    assert len(house.kept) == 1


def test_when_the_time_is_up_the_rest_is_left_for_the_next_attempt(house):
    house.talk(*(f"{number:03}" for number in range(2 * AT_ONCE)))
    seconds = iter([0.0, 1.0, 100.0])
    report = house.look(seconds=50.0, monotonic=lambda: next(seconds))
    assert (report.chats, report.ended) == (AT_ONCE, False)
    assert due(house, "main")
    assert house.look().chats == AT_ONCE


def test_what_was_not_run_is_asked_again_until_nothing_comes_of_it(house):
    house.talk("7", "8")
    house.lost("8", 86)
    skipped = Outcome(state="not_run")
    house.portal.answers = [{"8": skipped}]
    assert house.look().found == 1
    house.journal.links.clear()
    house.portal.answers = [{"7": skipped, "8": skipped}]
    with pytest.raises(TransientError, match="not_run"):
        house.look()


def test_two_at_once_do_the_work_once(house):
    house.talk("7")
    house.journal.free = False
    assert house.look() is None
    assert house.portal.asked == []


def test_a_reply_older_than_a_conversation_lasts_is_parked_for_a_person(house, clock):
    house.look()
    house.talk("7")
    house.lost("7", 86, ago=0)
    clock.advance(30 * 3600)
    report = house.look()
    assert (report.found, report.late) == (0, 1)
    ((envelope, deliveries),) = house.kept
    assert (envelope.state, envelope.cause, list(deliveries)) == ("parked", "reply.too_late", [])
    assert envelope.trace in envelope.hint.en


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ({"OPERATOR_DATA": "profile"}, "[b]Ann Lee:[/b] [br]Hi"),
        ({"OPERATOR_DATA": "hide"}, "Hi"),
        (False, "[b]Ann Lee:[/b] [br]Hi"),
        (PermanentError("bitrix24.access_denied", hint=HINT), "[b]Ann Lee:[/b] [br]Hi"),
    ],
)
def test_a_found_reply_is_signed_unless_its_line_hides_the_operators(house, line, text):
    house.portal.line = line
    house.talk("7")
    house.lost("7", 86)
    house.look()
    ((_, (delivery,)),) = house.kept
    assert delivery.event.text == text
