"""Laws of access groups, on companies that hypothesis thinks up. A portal here is a set of people in each target."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from connector.journal import MirrorRow
from connector.sync.access.brake import allowed
from connector.sync.access.difference import Held, Step, Steps
from connector.sync.access.memory import Move
from connector.sync.access.planning import Plan
from connector.sync.access.writing_queues import merged
from tests.unit.access.making import access, plan_of, row, seen, target, user

NAMES = tuple(f"p{number}" for number in range(1, 13))
IDS = {name: number for number, name in enumerate(NAMES, 1)}
GROUPS = ("Sales", "Support", "Leads", "Other")
TARGETS = ("department:12", "workgroup:5", "queue:3")
SETTINGS = access(
    {"group": "Sales", "department": 12},
    {"group": "Sales", "workgroup": 5},
    {"group": "Leads", "workgroup": 5, "role": "moderator"},
    {"group": "Su*", "queue": 3},
    allow=[{"person": "p1@acme.ru", "queue": 3}],
    deny=[{"person": "p2@acme.ru", "department": 12}],
)

memberships = st.dictionaries(st.sampled_from(NAMES), st.frozensets(st.sampled_from(GROUPS)))
by_hand = st.fixed_dictionaries({key: st.frozensets(st.integers(1, 12)) for key in TARGETS})


@dataclass
class Company:
    """The portal, and what we remember of it."""

    actual: dict[str, dict[int, str]]
    managed: dict[str, dict[int, Held]] = field(default_factory=lambda: {key: {} for key in TARGETS})
    groups: frozenset[str] = frozenset()
    bases: dict[str, int] = field(default_factory=dict)

    def plan(self, rows: list[MirrorRow], *, allow_gone: bool = False) -> Plan:
        users = [user(number, name, *self.departments(number)) for name, number in IDS.items()]
        survey = seen(SETTINGS, rows, users, self.actual, self.managed, was_groups=self.groups, bases=self.bases)
        return plan_of(survey, allow_gone=allow_gone)

    def departments(self, number: int) -> tuple[int, ...]:
        return (1, 12) if number in self.actual["department:12"] else (1,)

    def run(self, rows: list[MirrorRow], *, allow_gone: bool = False) -> Plan:
        plan = self.plan(rows, allow_gone=allow_gone)
        for steps in plan.steps:
            self._apply(steps)
        self.bases = {one.target: one.managed for one in plan.braked}
        if not plan.braked:
            self.groups = frozenset(name for one in rows for name in one.values["groups"])
        return plan

    def _apply(self, steps: Steps) -> None:
        here, ours = self.actual[steps.target.key], self.managed[steps.target.key]
        for user_id in steps.dropped:
            del ours[user_id]
        for step in (*steps.settled, *steps.grants, *steps.revokes):
            if step.grade:
                here[step.user] = step.grade
            else:
                del here[step.user]
            if Move(target=steps.target, step=step).gives:
                ours[step.user] = Held(state="granted", grade=step.grade, had=step.had, groups=step.groups)
            else:
                ours.pop(step.user)


def rows_of(members: dict[str, frozenset[str]]) -> list[MirrorRow]:
    return [row(name, *sorted(groups)) for name, groups in members.items()]


def company(hands: dict[str, frozenset[int]]) -> Company:
    grades = {"department:12": "in", "workgroup:5": "member", "queue:3": "in"}
    return Company(actual={key: dict.fromkeys(sorted(some), grades[key]) for key, some in hands.items()})


@given(by_hand, st.lists(memberships, min_size=1, max_size=4), st.booleans())
def test_a_second_run_changes_nothing(hands, history, allow_gone):
    here = company(hands)
    for members in history:
        here.run(rows_of(members), allow_gone=allow_gone)
        for steps in here.plan(rows_of(members), allow_gone=allow_gone).steps:
            assert (steps.grants, steps.revokes, steps.settled) == ((), (), ())
            assert steps.dropped == {}


@given(by_hand, st.lists(memberships, min_size=1, max_size=5), st.booleans())
def test_whom_somebody_else_put_there_is_never_taken_out(hands, history, allow_gone):
    here = company(hands)
    for members in history:
        here.run(rows_of(members), allow_gone=allow_gone)
    for key, people in hands.items():
        assert people <= set(here.actual[key])
    assert all(here.actual["workgroup:5"][number] in ("member", "moderator") for number in hands["workgroup:5"])


@given(by_hand, st.lists(memberships, min_size=1, max_size=5))
def test_no_run_takes_out_more_than_the_brake_allows(hands, history):
    here = company(hands)
    for members in history:
        before = {key: len(held) for key, held in here.managed.items()}
        plan = here.run(rows_of(members))
        for steps in plan.steps:
            most = allowed(before[steps.target.key], SETTINGS.brake) if members else 0
            assert len(steps.revokes) <= most


@given(by_hand, st.lists(memberships, min_size=1, max_size=4))
def test_with_the_brake_off_everybody_is_where_the_source_says(hands, history):
    here = company(hands)
    for members in history:
        here.run(rows_of(members), allow_gone=True)
    last = history[-1]
    wished = {IDS[name] for name, groups in last.items() if "Sales" in groups} - {2}
    assert set(here.actual["department:12"]) == hands["department:12"] | wished


@given(
    st.lists(st.integers(1, 12), unique=True),
    st.lists(st.integers(1, 4), unique=True, max_size=2),
    st.frozensets(st.integers(1, 20)),
    st.frozensets(st.integers(1, 20)),
)
def test_a_queue_keeps_the_order_of_those_who_stay(people, departments, leaving, coming):
    entries = [{"ENTITY_TYPE": "user", "ENTITY_ID": str(number)} for number in people]
    entries[1:1] = [{"ENTITY_TYPE": "department", "ENTITY_ID": str(number)} for number in departments]
    going, queue = leaving - coming, target("queue:3")
    moves = [Move(target=queue, step=Step(user=number, grade="", was="in")) for number in sorted(going)]
    moves += [Move(target=queue, step=Step(user=number, grade="in")) for number in sorted(coming)]
    after = merged(entries, moves)
    gone = [{"ENTITY_TYPE": "user", "ENTITY_ID": str(number)} for number in going]
    stay = [entry for entry in entries if entry not in gone]
    assert after[: len(stay)] == stay
    assert len({tuple(entry.values()) for entry in after}) == len(after)
    assert {int(one["ENTITY_ID"]) for one in after if one["ENTITY_TYPE"] == "user"} == set(people) - going | coming
