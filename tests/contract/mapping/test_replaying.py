"""A law: whatever is replayed under whatever rules, with answers lost on the way, nothing is there twice."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connector.errors import TransientError
from connector.sandbox import SandboxServer
from mappings.outcome import Key, Making, Outcome
from tests.contract.mapping.conftest import Crm
from tests.contract.portal.conftest import House
from tests.unit.handlers.walking import phone, wish

CONTACT, DEAL = 3, 2
TAGS = ("a", "b", "c")


def outcome(name: str, tags: frozenset[str], deal: bool, text: str) -> Outcome:
    person = wish(match=(phone("+79001112233"),), set={"NAME": name, "PHONE": "+79001112233"})
    business = (wish("deal", match=(Key(kind="open"),), set={"TITLE": f"Deal of {name}"}),) if deal else ()
    comment = Making(kind="timeline", name="r", on="contact", fields={"text": text})
    todo = Making(kind="activity", name="t", on="contact", fields={"title": text})
    return Outcome(
        version=name, wishes=(person, *business), tags=tuple(sorted(tags)), makings=(comment, todo) if text else ()
    )


outcomes = st.builds(
    outcome,
    st.sampled_from(["Anna", "Ann"]),
    st.frozensets(st.sampled_from(TAGS)),
    st.booleans(),
    st.sampled_from(["", "waits", "waits long"]),
)
# (event, what the rules of that day say, the call whose answer is lost; 0: none)
steps = st.lists(st.tuples(st.sampled_from(["1", "2"]), outcomes, st.integers(0, 14)), min_size=1, max_size=6)


@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(steps)
def test_nothing_is_doubled_and_a_last_replay_writes_nothing(given_steps: list[tuple[str, Outcome, int]]) -> None:
    with SandboxServer(selfhosted=True) as sandbox:
        crm = Crm(sandbox, House(sandbox).installed())
        last: dict[str, Outcome] = {}
        lost = False
        for event, said, cut in given_steps:
            crm.walk.cut_after = cut
            lost |= not carry_out(crm, event, said)
            last[event] = said
        crm.walk.cut_after = 0
        check(crm, last, lost)
        for event, said in last.items():
            if said == given_steps[-1][1] or same_row(said, given_steps[-1][1]):
                assert crm.walk.writes(crm.message(said, event)) == []


def carry_out(crm: Crm, event: str, said: Outcome) -> bool:
    """Until it is through; ``False`` when an answer was lost on the way."""
    try:
        crm.message(said, event)
    except TransientError:
        crm.walk.cut_after = 0
        crm.message(said, event)
        return False
    return True


def same_row(one: Outcome, other: Outcome) -> bool:
    """Whether both say the same of the rows that all events share."""
    return [(wish.entity, wish.set) for wish in one.wishes] == [(wish.entity, wish.set) for wish in other.wishes]


def check(crm: Crm, last: dict[str, Outcome], lost: bool) -> None:
    contacts = crm.items(CONTACT)
    assert len(contacts) == 1
    assert len(crm.items(DEAL)) <= 1
    filters: dict[str, Any] = {"ENTITY_ID": contacts[0]["id"], "ENTITY_TYPE": "contact"}
    assert len(crm.call("crm.timeline.comment.list", filter=filters)) <= len(last)
    owner = {"OWNER_TYPE_ID": CONTACT, "OWNER_ID": contacts[0]["id"], "PROVIDER_ID": "CRM_TODO"}
    assert len(crm.call("crm.activity.list", filter=owner)) <= len(last)
    wanted = {tag for said in last.values() for tag in said.tags}
    found = tags(crm, contacts[0]["id"])
    assert len(found) == len(set(found))
    assert set(found) >= wanted if lost else set(found) == wanted


def tags(crm: Crm, number: int) -> list[str]:
    fields = crm.call("crm.contact.userfield.list", filter={"FIELD_NAME": "UF_CRM_TAGS"})
    names = {int(option["ID"]): option["VALUE"] for field in fields for option in field["LIST"]}
    return [names[value] for value in crm.item(CONTACT, number).get("UF_CRM_TAGS") or []]
