"""What is wanted of the CRM and what is to be made."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from mappings.faults import RuleError
from mappings.outcome import Key, Outcome, Wish
from tests.unit.mappings.sets import event, record, set_of

ANNA = {"first_name": "Анна", "phone": "8 900 111-22-33", "email": "Anna@Mail.ru"}


def decided(*documents: str, client: dict[str, str] = ANNA, **fields: Any) -> Outcome:
    rules = set_of(*documents)
    return rules.decide("message.received", event(client=client, **fields))


def wish(*documents: str, client: dict[str, str] = ANNA, **fields: Any) -> Wish:
    (only,) = decided(*documents, client=client, **fields).wishes
    return only


def test_wishes_on_one_entity_are_merged_field_by_field() -> None:
    found = wish(
        "crm: {contact: {match: [chat], several: skip, create: false, set: {NAME: Ann, POST: a}, fill: {COMMENTS: c}}}",
        'crm: {contact: {several: newest, set: {NAME: "{{ event.client.first_name }}"}, fill: {POST: b}}}',
    )
    assert (found.set, found.fill) == ({"NAME": "Анна"}, {"COMMENTS": "c", "POST": "b"})
    assert (found.several, found.create, found.match) == ("newest", False, (Key(kind="chat"),))
    assert (found.entity, found.type_id, found.rule) == ("contact", 3, "rules.2")


def test_items_of_two_types_are_two_wishes() -> None:
    one = "crm: {item: {type: 1036, external: {system: shop, id: 5}, set: {TITLE: a}}}"
    found = decided(one, one.replace("1036", "1040"), one)
    assert [each.type_id for each in found.wishes] == [1036, 1040]


@pytest.mark.parametrize(
    ("entity", "kinds"),
    [
        ("contact: {}", ["chat", "phone", "email"]),
        ("company: {}", ["chat"]),
        ("lead: {}", ["chat", "phone", "email"]),
        ("deal: {}", ["chat", "open"]),
        ("item: {type: 1036, external: {system: shop, id: a}}", ["external"]),
        ("contact: {external: {system: shop, id: a}}", ["external", "chat", "phone", "email"]),
        ("contact: {match: [email]}", ["email"]),
    ],
)
def test_without_a_word_entities_are_looked_for_in_the_usual_way(entity: str, kinds: list[str]) -> None:
    assert [key.kind for key in wish(f"crm: {{{entity}}}").match] == kinds


def test_people_are_known_by_what_is_written_about_them_and_by_themselves() -> None:
    found = wish(
        "crm: {contact: {match: [phone, email], set: {PHONE: '+7 (495) 765-43-21'}, fill: {EMAIL: [b@b.ru, no]}}}",
        contact={"name": "Анна", "phone": "+7 900 222-22-22", "own": True},
    )
    phones, emails = found.match
    assert phones.values == ("+74957654321", "+79001112233", "+79002222222")
    assert emails.values == ("b@b.ru", "anna@mail.ru")


@pytest.mark.parametrize(
    "client",
    [
        {"phone": "8 495 123-45-67", "email": "boss@ACME.ru"},
        {"phone": "12", "email": "sales@gmail.com"},
        {"phone": "", "email": "nobody"},
    ],
)
def test_our_own_and_doubtful_numbers_and_addresses_identify_nobody(client: dict[str, str]) -> None:
    (key,) = wish("crm: {contact: {match: [chat, phone, email]}}", client=client).match
    assert key.kind == "chat"


def test_somebody_elses_card_does_not_identify_the_client() -> None:
    found = wish("crm: {contact: {}}", client={}, contact={"name": "Oleg", "phone": "+79002222222", "own": False})
    assert [key.kind for key in found.match] == ["chat"]


def test_whoever_cannot_be_known_again_is_not_made() -> None:
    document = "crm: {contact: {match: [phone], set: {NAME: A}}}"
    found = set_of(document).decide("message.received", event(), explain=True)
    assert found.idle
    why = next(reason for reason in found.reasons if reason.what == "crm.contact")
    assert (why.value, why.expression, why.line) == (None, "match: [phone]", 3)


def test_a_field_may_identify() -> None:
    found = wish(
        'crm: {contact: {match: [{field: UF_CRM_SHOP, is: "{{ event.client.id }}"}, {field: UF_CRM_B, is: " "}]}}'
    )
    assert found.match == (Key(kind="field", field="UF_CRM_SHOP", values=("1001",)),)


def test_what_is_not_known_is_not_written_and_what_is_written_empty_empties() -> None:
    found = wish(
        "crm: {contact: {set: {NAME: Ann, COMMENTS: x}}}",
        'crm: {contact: {set: {NAME: "{{ event.client.last_name }}", POST: "{{ event.page }}", COMMENTS: ""}}}',
    )
    assert found.set == {"NAME": "Ann", "COMMENTS": ""}


def test_records_are_known_by_their_external_id() -> None:
    rules = set_of(
        'on: record.orders\ncrm: {item: {type: 1036, external: {system: wms, id: "{{ record.id }}"}, '
        'set: {TITLE: a}}, contact: {set: {PHONE: "{{ record.phone }}"}}}'
    )
    contact, item = rules.decide("record.orders", record(id=77, phone="+79001112233")).wishes
    assert (item.external, item.match) == (("wms", "77"), (Key(kind="external"),))
    assert contact.match == (Key(kind="phone", values=("+79001112233",)),)
    (item,) = rules.decide("record.orders", record(id=77, phone="")).wishes
    assert rules.decide("record.orders", record(id="", phone="")).wishes == ()


def test_whether_to_make_somebody_may_depend() -> None:
    rule = "crm: {lead: {create: event.client.phone}}"
    assert wish(rule, "tags: [a]").create
    assert not wish(rule, "tags: [a]", client={}).create


def test_nobody_is_looked_for_when_nothing_would_come_of_it() -> None:
    passive = "crm: {contact: {create: false}}"
    assert decided(passive).idle
    assert decided(passive, "notify: {users: 1, text: hello}").wishes == ()
    assert decided(passive, "crm: {lead: {match: [phone]}}", client={}).idle
    assert len(decided(passive, "tags: [vip]").wishes) == 1
    assert len(decided(passive, "timeline: {on: contact, text: hello}").wishes) == 1


def test_whoever_is_never_looked_for_is_always_made() -> None:
    assert wish("crm: {lead: {match: [], set: {TITLE: New}}}").match == ()


def test_crm_sees_what_all_rules_settled_and_the_facts_of_its_own() -> None:
    found = decided(
        'set: {n: "{{ 1 }}"}\n'
        'crm: {contact: {set: {A: "{{ category }} {{ priority }} {{ tags[0] }} {{ score }} {{ facts.n }}"}}}',
        'set: {n: "{{ 2 }}"}\ncategory: complaint\ntags: [vip]\nscore: {x: 7}\n'
        'crm: {contact: {set: {B: "{{ facts.n }}"}}}',
    )
    assert found.wishes[0].set == {"A": "complaint high vip 7 1", "B": 2}


def test_makings_add_up_and_carry_tidy_values() -> None:
    found = decided(
        "category: complaint\ncrm: {deal: {create: false}}\n"
        "activity: {on: deal, title: Call, deadline: '2026-03-11 10:00'}\n"
        'task: [{title: "{{ event.text }}", text: b, group: 5, deadline: "2026-03-12"}, {title: c, owner: 3}]',
        'notify: {users: [1, "{{ owner }}", "{{ none }}", 1], text: Look}\nworkgroup: 5',
        text="Верните",
    )
    activity, first, second, notify = found.makings
    assert (activity.kind, activity.on, activity.fields["title"], activity.fields["owner"]) == (
        "activity",
        "deal",
        "Call",
        12,
    )
    deadline = activity.fields["deadline"]
    assert isinstance(deadline, datetime)
    assert (deadline.isoformat(), deadline.utcoffset()) == ("2026-03-11T10:00:00+03:00", timedelta(hours=3))
    assert first.fields["deadline"].isoformat() == "2026-03-12T18:00:00+03:00"
    assert (first.fields["title"], first.fields["group"], first.fields["owner"], second.fields["owner"]) == (
        "Верните",
        5,
        12,
        3,
    )
    assert notify.fields == {"users": [1, 12], "text": "Look"}
    assert len({making.name for making in found.makings}) == 4
    assert found.workgroups == (5,)


def test_nobody_is_told_when_there_is_nobody() -> None:
    assert decided('notify: {users: ["{{ owner }}"], text: Look}').makings == ()


def test_a_deadline_that_is_no_time_says_so() -> None:
    with pytest.raises(RuleError, match="as in 2026-03-10 18:00"):
        decided('task: {title: a, deadline: "{{ event.text }}"}', text="tomorrow")


def test_a_list_is_no_title() -> None:
    with pytest.raises(
        RuleError, match=r"rules.yaml:3: task.title of rule rules: A text is needed, but this is a list"
    ):
        decided('task: {title: "{{ event.files }}"}')


def test_every_field_has_its_reason_and_what_was_replaced_stands_before_the_winner() -> None:
    rules = set_of(
        "crm: {contact: {set: {NAME: Ann}}}",
        'crm: {contact: {set: {NAME: "{{ event.client.first_name }}"}}}',
    )
    reasons = rules.decide("message.received", event(client=ANNA), explain=True).reasons
    names = [(each.value, each.rule, each.saw) for each in reasons if each.what == "crm.contact.set.NAME"]
    assert names == [("Ann", "rules", {}), ("Анна", "rules.2", {"event.client.first_name": "Анна"})]
