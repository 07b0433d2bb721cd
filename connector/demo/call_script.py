"""Scripted telephone calls through the pretend Asterisk and the real processes, checked in the portal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, Queue
from typing import Any

from connector.demo.exchange import ACCOUNT
from connector.demo.house import DemoHouse, until
from connector.demo.live_call import LiveCall, Outgoing
from connector.demo.script import Row, check, timed
from connector.demo.sound import length
from connector.speech import Text

SECONDS = 20.0
RING, TALK = 0.3, 1.0
ANNA, BORIS = "101", "102"  # extensions of the users 1 and 2
CALLER, CLICKED, REFUSED = (f"7916000000{last}" for last in range(1, 4))
SUCCESS, NOBODY = "200", "304"


@dataclass(kw_only=True)
class Office:
    """Both sides of the telephone: the PBX, and what the portal shows of its calls."""

    house: DemoHouse
    placed: Queue[Outgoing] = field(default_factory=Queue)
    memory: dict[str, Any] = field(default_factory=dict)

    def at_portal(self, phone: str) -> list[dict[str, Any]]:
        """The calls of a number as the portal shows them, oldest first."""
        return self.house.sandbox.phone_calls(phone)

    def kept(self, call: LiveCall) -> dict[str, Any]:
        """The call in the portal's list once it is over there, and the only one of its id."""
        name = f"{ACCOUNT}.{call.id}"

        def found() -> list[dict[str, Any]]:
            return [row for row in self.at_portal(call.client) if row["external_id"] == name and not row["live"]]

        rows = until("the call in the portal's list", found, SECONDS)
        check(len(rows) == 1, f"the call stands {len(rows)} times in the list")
        return dict(rows[0])

    def cards(self, call: LiveCall, *users: int) -> None:
        """Wait until exactly these users have the call's card."""
        until(f"the card before {users}", lambda: self._shown(call) == set(users), SECONDS)

    def todos(self, phone: str) -> list[dict[str, Any]]:
        """The reminders to call this number back."""
        portal = self.house.sandbox.portal
        with portal.lock:
            rows = [dict(row) for row in portal.crm["activity"].rows.values()]
        return [row for row in rows if row.get("PROVIDER_ID") == "CRM_TODO" and f"+{phone}" in row["SUBJECT"]]

    def click(self, phone: str, user: int = 1) -> dict[str, Any]:
        """An employee clicks a number in Bitrix24; the call that this registers."""
        return self.house.sandbox.click_to_call(user, f"+{phone}")

    def rung(self) -> Outgoing:
        """The call that the PBX placed because of a click. Raises ``TimeoutError``."""
        try:
            return self.placed.get(timeout=SECONDS)
        except Empty:
            raise TimeoutError("the PBX rings the client") from None

    def _shown(self, call: LiveCall) -> set[int]:
        rows = self.at_portal(call.client)
        return {user for row in rows if row["external_id"] == f"{ACCOUNT}.{call.id}" for user in row["shown_to"]}


def play_calls(house: DemoHouse) -> Iterator[Row]:
    """Every step, one row each."""
    office = Office(house=house)
    house.exchange.clicked = office.placed.put
    for step, act in _STEPS:
        yield timed(ACCOUNT, step, partial(act, office))


def _talked(office: Office, call: LiveCall, user: int) -> dict[str, Any]:
    """The call as it must stand in the list: who talked, how long, that it succeeded."""
    row = office.kept(call)
    check(row["employee"] == user, f"the call is under employee {row['employee']}")
    check(row["duration"] == call.talk, f"{row['duration']} s in the list, {call.talk} s of talk")
    check(row["status"] == SUCCESS, f"the status is {row['status']}")
    check(not row["shown_to"], f"the card is still before {row['shown_to']}")
    return row


def _rings(office: Office) -> None:
    call = office.memory["call"] = office.house.exchange.calls(CALLER, (ANNA, BORIS), "Vera")
    office.cards(call, 1, 2)


def _answers(office: Office) -> None:
    call = office.memory["call"]
    check(call.answer(BORIS), "the call could not be answered")
    office.cards(call, 2)
    time.sleep(TALK)
    call.hang_up()


def _listed(office: Office) -> None:
    _talked(office, office.memory["call"], 2)


def _two(office: Office) -> None:
    rows = [(row["status"], row["live"]) for row in office.at_portal(CALLER)]
    check(rows == [(SUCCESS, False), (NOBODY, False)], f"statuses of the calls, and whether they go on: {rows}")


def _recorded(office: Office) -> None:
    call = office.memory["call"]
    kept = until("the recording at the call", lambda: office.kept(call)["recording"], SECONDS)
    written = call.recording.read_bytes()
    check(kept["size"] == len(written), f"the recording has {kept['size']} bytes instead of {len(written)}")
    answer = office.house.http.get(kept["url"], timeout=SECONDS)
    check(answer.content == written, "the recording came changed")
    check(length(answer.content) == call.talk, f"it plays for {length(answer.content):.1f} s")


def _missed(office: Office) -> None:
    """The same client calls again at once, and nobody answers."""
    call = office.house.exchange.calls(CALLER, (ANNA,))
    office.cards(call, 1)
    time.sleep(RING)
    call.hang_up()
    row = office.kept(call)
    check((row["status"], row["duration"]) == (NOBODY, 0), f"status {row['status']}, {row['duration']} s")
    [todo] = until("the reminder to call back", lambda: office.todos(CALLER), SECONDS)
    check(todo["COMPLETED"] == "N", "the reminder is completed already")


def _called_back(office: Office) -> None:
    call = office.house.exchange.dials(ANNA, CALLER)
    time.sleep(RING)
    call.answer()
    time.sleep(TALK)
    call.hang_up()
    _talked(office, call, 1)
    until("the reminder completed", lambda: office.todos(CALLER)[0]["COMPLETED"] == "Y", SECONDS)
    check(len(office.todos(CALLER)) == 1, f"there are {len(office.todos(CALLER))} reminders")


def _clicked(office: Office) -> None:
    asked = office.click(CLICKED, 2)
    call = office.rung()
    check((call.caller, call.client) == (BORIS, CLICKED), f"{call.caller} was connected with {call.client}")
    call.answer()
    time.sleep(TALK)
    call.hang_up()

    def over() -> bool:
        return not office.house.sandbox.phone_call(asked["call_id"])["live"]

    until("the clicked call is over in the portal", over, SECONDS)
    rows = office.at_portal(CLICKED)
    check([row["call_id"] for row in rows] == [asked["call_id"]], f"{len(rows)} calls instead of the clicked one")
    told = (rows[0]["employee"], rows[0]["duration"], rows[0]["status"])
    check(told == (2, call.talk, SUCCESS), f"employee, seconds and status are {told}")


def _refused(office: Office) -> None:
    originating = office.house.exchange.ami.originating
    originating.how = "unregistered"
    try:
        asked = office.click(REFUSED)

        def told() -> list[str]:
            rows = office.house.sandbox.notices()
            return [row["text"] for row in rows if row["user_id"] == 1 and f"+{REFUSED}" in row["text"]]

        words = until("the notice to whoever clicked", told, SECONDS)
    finally:
        originating.how = "answered"
    check(len(words) == 1 and ANNA in words[0], f"the notices say {words}")
    row = office.house.sandbox.phone_call(asked["call_id"])
    check(not row["live"] and row["status"] != SUCCESS, f"the call has the status {row['status'] or 'live'}")


_STEPS: tuple[tuple[Text, Callable[[Office], None]], ...] = (
    (Text("a client calls: two cards", "клиент звонит: две карточки"), _rings),
    (Text("one answers: one card", "один ответил: одна карточка"), _answers),
    (Text("calls again, missed: a to-do", "звонит ещё, пропущен: дело"), _missed),
    (Text("the talk is in the list", "разговор в списке звонков"), _listed),
    (Text("two calls stay two", "два звонка остались двумя"), _two),
    (Text("its recording plays", "его запись звучит"), _recorded),
    (Text("called back: to-do done", "перезвонили: дело закрыто"), _called_back),
    (Text("a click on a number", "клик по номеру"), _clicked),
    (Text("the PBX refuses a click", "АТС отклоняет клик"), _refused),
)
