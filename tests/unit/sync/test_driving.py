"""Thousands of plans together: each record has its fate, nothing is done twice, nobody waits for ever."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.effects import Call, KeyedEffect, Plan, Recall, Remember
from connector.domain.events import RecordChanged
from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.handlers.rules import Rules
from connector.journal import Known, MirrorRow
from connector.speech import Text
from connector.sync.driving import Driving
from connector.sync.records import Decided, Journey

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = Text("So it is.", "Так и есть.")
BUSY = TransientError("portal.busy", hint=WORDS)
LOST = TransientError("portal.lost", hint=WORDS, maybe_done=True)
WRONG = PermanentError("portal.wrong", hint=WORDS)
GONE = Stopped("portal.gone", hint=WORDS, state="uninstalled")

Op = tuple[str, int]


@dataclass
class Portal:
    """Rows by number, what was made by key, and the troubles that the next writes and reads meet."""

    rows: dict[int, str] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    ledger: dict[str, Known] = field(default_factory=dict)
    links: dict[tuple[str, str], Any] = field(default_factory=dict)
    writing: list[str] = field(default_factory=list)
    reading: list[str] = field(default_factory=list)
    fates: list[tuple[str, str]] = field(default_factory=list)
    log: list[tuple[str, int]] = field(default_factory=list)
    rounds: int = 0
    open: int = 0

    def recall(self, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        return {name: self.links[name] for name in names if name in self.links}

    def gather(self, reads: Sequence[tuple[str, Any]]) -> list[Any]:
        self.rounds += 1
        troubles = {"busy": BUSY, "lost": LOST, "wrong": WRONG, "gone": GONE}
        met = [troubles.get(self.reading.pop() if self.reading else "") for _ in reads]
        proving = [WRONG if "key" in params else None for _, params in reads]  # a proof that is refused is a no
        return [
            self._read(params) if trouble in (None, no) else trouble
            for (_, params), trouble, no in zip(reads, met, proving, strict=True)
        ]

    def _read(self, params: Any) -> Any:
        return {"made": self.made[params["key"]]} if "key" in params else {"item": self.rows.get(params["id"], "")}

    def plan(self, ones: Sequence[Journey]) -> dict[str, Known]:
        keys = [one.key for one in ones]
        assert len(keys) == len(set(keys)), "one key leaves once"
        known = {key: self.ledger[key] for key in keys if key in self.ledger}
        fresh = Known(state="planned", result=None, planned_at=NOW)
        self.ledger |= {key: fresh for key in keys if key not in known}
        return known

    def write(self, ones: Sequence[Journey]) -> Iterator[tuple[Journey, Any]]:
        claimed = [one.waiting.params["id"] for one in ones if isinstance(one.waiting, Call) and not one.key]
        assert len(claimed) == len(set(claimed)), "two records never write to one row together"
        for one in ones:
            trouble = self.writing.pop() if self.writing else ""
            if trouble == "skip":
                self.clear(one.key)
                continue
            if trouble in ("", "after"):
                self._execute(one)
            yield one, {"": True, "after": LOST, "before": LOST, "busy": BUSY, "wrong": WRONG, "gone": GONE}[trouble]

    def _execute(self, one: Journey) -> None:
        assert isinstance(one.waiting, Call)
        if one.key:
            self.made[one.key] += 1
        else:
            self.rows[one.waiting.params["id"]] = one.waiting.params["fields"]
            self.log.append((one.row.record, one.waiting.params["step"]))

    def doubt(self, known: Known, call: Call) -> float:
        return 0.0

    def clear(self, key: str) -> None:
        if key and key in self.ledger and self.ledger[key].state != "done":
            del self.ledger[key]

    def done(self, one: Journey, call: KeyedEffect, result: Any) -> None:
        self.ledger[call.key] = Known(state="done", result=result, planned_at=NOW)

    def lost(self, one: Journey, call: KeyedEffect) -> None:
        self.ledger[call.key] = Known(state="unknown", result=None, planned_at=NOW)

    def ended(self, one: Journey) -> None:
        self.fates.append((one.row.record, one.fate))
        if one.fate != "later":
            self.links |= {(link.kind, link.key): link.value for link in one.remembered}


@dataclass(kw_only=True)
class Scripted(Journey):
    """A record whose plan the test writes."""

    ops: Sequence[Op] = ()
    portal: Portal

    def begin(self) -> None:
        """As a journey begins, with the test's plan."""
        super().begin()
        self.plans[:] = [self._plan()]

    def _plan(self) -> Plan:
        self.portal.open += 1
        try:
            for step, (what, number) in enumerate(self.ops):
                yield from getattr(self, f"_{what}")(step, number)
        finally:
            self.portal.open -= 1

    def _recall(self, step: int, number: int) -> Plan:
        yield Recall("link", str(number))
        yield Remember("link", str(number), self.row.record)

    def _read(self, step: int, number: int) -> Plan:
        yield Call("crm.item.get", {"id": number})

    def _update(self, step: int, number: int) -> Plan:
        value = f"{self.row.record}:{step}"
        found = yield Call("crm.item.get", {"id": number})
        if found["item"] != value:
            yield Call("crm.item.update", {"entityTypeId": 1, "id": number, "fields": value, "step": step})

    def _share(self, step: int, number: int) -> Plan:
        found = yield Call("crm.item.get", {"id": 100 + number})
        if found["item"] != "shared":
            params = {"entityTypeId": 1, "id": 100 + number, "fields": "shared", "step": step}
            yield Call("crm.item.update", params)

    def _add(self, step: int, number: int) -> Plan:
        key = f"key:{number}"

        def seen() -> Plan:
            found = yield Call("crm.item.list", {"key": key})
            return {"id": number} if found["made"] else None

        yield Call("crm.item.add", {"entityTypeId": 1}, key=key, proof=seen)

    def _fault(self, step: int, number: int) -> Plan:
        yield Recall("link", "none")
        raise RecursionError("a rule without an end")


def rider(portal: Portal, record: str, ops: Sequence[Op], attempts: int = 0) -> Scripted:
    row = MirrorRow(
        source="s", record=record, hash="h", values={}, where="", state="waiting", gone=False, seen=1, run=0,
        outcome="", mapping="", crm=(), attempts=attempts, due_at=NOW, changed_at=NOW, settled_at=None,
    )  # fmt: skip
    event = RecordChanged(portal="main", source="s", record=record, values={})
    rules = Rules(public_url="", accounts={}, portals={})
    return Scripted(
        plans=[], row=row, event=event, rules=rules, decided_by=Decided(rules.mappings), ops=ops, portal=portal
    )


OPS = st.tuples(st.sampled_from(["recall", "read", "update", "share", "add", "fault"]), st.integers(0, 3))
RECORDS = st.lists(st.lists(OPS, max_size=5), min_size=1, max_size=8)
TROUBLE = st.lists(st.sampled_from(["", "", "", "busy", "wrong", "after", "before", "skip", "gone"]), max_size=30)
READING = st.lists(st.sampled_from(["", "", "", "", "busy", "wrong", "lost", "gone"]), max_size=20)


@given(plans=RECORDS, writing=TROUBLE, reading=READING, stops=st.lists(st.integers(0, 4), max_size=4))
def test_whatever_happens_each_record_has_one_fate_in_the_end_and_nothing_is_made_twice(
    plans: list[list[Op]], writing: list[str], reading: list[str], stops: list[int]
):
    portal = Portal(writing=writing, reading=reading)
    left = {str(number): ops for number, ops in enumerate(plans)}
    for _ in range(100):
        before, rounds = len(portal.fates), [stops.pop() if stops else 10**6]

        def stop(rounds: list[int] = rounds) -> bool:
            rounds[0] -= 1
            return rounds[0] < 0

        with suppress(Stopped, TransientError):
            Driving(portal, stop=stop).drive([rider(portal, name, ops) for name, ops in left.items()])
        assert not portal.open, "no plan stands open behind"
        ended = Counter(name for name, _ in portal.fates[before:])
        assert all(count == 1 for count in ended.values())
        assert ended.keys() <= left.keys()
        for name, fate in portal.fates[before:]:
            if fate != "later":
                del left[name]
        if not left:
            break
    assert not left, "every record comes to its end"
    assert all(count == 1 for count in portal.made.values())


@given(plans=RECORDS)
def test_without_trouble_all_is_done_in_one_go_and_each_record_writes_in_its_own_order(plans: list[list[Op]]):
    portal = Portal()
    Driving(portal, stop=lambda: False).drive([rider(portal, str(n), ops) for n, ops in enumerate(plans)])
    assert len(portal.fates) == len(plans)
    faulty = {str(n) for n, ops in enumerate(plans) if any(what == "fault" for what, _ in ops)}
    assert {name for name, fate in portal.fates if fate == "parked"} == faulty
    for number, value in portal.rows.items():
        record, _, step = value.partition(":")
        if number < 100:
            ops = list(itertools.takewhile(lambda op: op[0] != "fault", plans[int(record)]))
            assert int(step) == max(at for at, op in enumerate(ops) if op == ("update", number))


def test_a_proof_that_meets_trouble_is_no_proof_that_nothing_took_place():
    portal = Portal(made=Counter({"key:1": 1}), ledger={"key:1": Known(state="unknown", result=None, planned_at=NOW)})
    portal.reading = ["busy", ""]
    ones = [rider(portal, "b", [("read", 1)]), rider(portal, "a", [("add", 1)])]
    Driving(portal, stop=lambda: False).drive(ones)
    assert (dict(portal.fates), portal.made["key:1"]) == ({"b": "unchanged", "a": "later"}, 1)
    Driving(portal, stop=lambda: False).drive([rider(portal, "a", [("add", 1)])])
    assert (portal.fates[-1][1], portal.made["key:1"]) == ("created", 1)


def test_a_portal_of_which_nobody_hears_is_no_matter_of_the_records():
    portal = Portal(reading=["busy"] * 3)
    ones = [rider(portal, name, [("read", 1)], attempts=7) for name in "abc"]
    with pytest.raises(TransientError):
        Driving(portal, stop=lambda: False).drive(ones)
    assert portal.fates == []


def test_what_a_request_brought_of_others_is_kept_when_one_of_its_commands_says_that_the_portal_is_gone():
    portal = Portal(writing=["", "gone", ""])
    ones = [rider(portal, name, [("add", number)]) for number, name in enumerate("abc")]
    with pytest.raises(Stopped):
        Driving(portal, stop=lambda: False).drive(ones)
    assert dict(portal.fates) == {"a": "created", "c": "created"}


def test_many_records_that_want_the_same_of_one_row_take_no_more_rounds_than_two():
    portal = Portal()
    ops = [("share", 1), ("add", 0)]
    ones = [rider(portal, str(n), [ops[0], ("add", n)]) for n in range(500)]
    Driving(portal, stop=lambda: False).drive(ones)
    assert len(portal.fates) == 500
    assert portal.rounds <= 4


def test_many_records_that_differ_about_one_row_take_turns_and_do_not_begin_over_and_over():
    portal, begun = Portal(), Counter[str]()

    @dataclass(kw_only=True)
    class Counted(Scripted):
        def begin(self) -> None:
            begun[self.row.record] += 1
            super().begin()

    ones = [
        Counted(**{f: getattr(one, f) for f in one.__dataclass_fields__})
        for one in (rider(portal, str(n), [("update", 1)]) for n in range(300))
    ]
    Driving(portal, stop=lambda: False).drive(ones)
    assert len(portal.log) == 300
    assert max(begun.values()) <= 10


def test_two_that_hold_what_the_other_wants_do_not_wait_for_ever():
    portal = Portal()
    ones = [rider(portal, "a", [("update", 1), ("update", 2)]), rider(portal, "b", [("update", 2), ("update", 1)])]
    Driving(portal, stop=lambda: False).drive(ones)
    assert sorted(portal.fates) == [("a", "updated"), ("b", "updated")]


@pytest.mark.parametrize("trouble", [BUSY, LOST], ids=["busy", "lost"])
def test_who_meets_trouble_for_the_last_time_is_parked_and_says_so_in_both_languages(trouble: ConnectorError):
    portal = Portal(reading=["busy" if trouble is BUSY else "lost", "", "busy"])
    again, well, one = (
        rider(portal, name, [("read", number)], attempts=6 + (number > 0)) for number, name in enumerate("abc")
    )
    Driving(portal, stop=lambda: False).drive([one, well, again])
    assert (again.fate, well.fate, one.fate) == ("later", "unchanged", "parked")
    assert one.error is not None
    assert "8" in one.error.hint.ru
    assert "8" in one.error.hint.en
