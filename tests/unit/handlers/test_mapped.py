"""Rules have their word after the conversation has had its own, and never in its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.domain.effects import Emit, Fetch, Remember
from connector.domain.events import (
    ConversationBlocked,
    DialogStarted,
    EventMapped,
    MessageReceived,
    RecordChanged,
    dump,
    load,
)
from connector.domain.values import Page, Person
from connector.errors import PermanentError
from connector.handlers import HANDLERS, MAPPED, Rules
from connector.handlers.mapped import event_mapped, record_changed
from connector.speech import Text
from mappings.faults import RuleError
from mappings.outcome import Making, Outcome

from .driving import Driver, rules
from .walking import AT, FakeSet, with_set

SEND = "imconnector.send.messages"
TAKEN = {"SUCCESS": True, "DATA": {"RESULT": [{"SUCCESS": True, "session": {"ID": "5", "CHAT_ID": "17"}}]}}
NOTIFY = Outcome(version="v1", makings=(Making(kind="notify", name="r", fields={"users": [1], "text": "x"}),))
BROKEN = RuleError(
    rule="vip",
    file="rules.yaml",
    line=7,
    what="when",
    expression="event.client.phone | e164",
    said=("not a number", "это не номер"),
    mend=("Check it first.", "Сначала проверьте его."),
)
ANNA = Person(id="700", first_name="Anna", phone="+7 900 111-22-33", email="anna@acme.ru")


def message(**more: Any) -> MessageReceived:
    return MessageReceived(
        **{"account": "shop", "conversation": "700", "message_id": "55", "client": ANNA, "text": "Hi"} | more
    )


def handled(event: Any, ruled: Rules, links: dict[Any, Any] | None = None) -> Driver:
    driver = Driver({SEND: TAKEN}, links)
    driver.run(HANDLERS["portal", event.kind](event, ruled))
    return driver


def test_what_the_rules_want_leaves_as_an_event_of_its_own_lane() -> None:
    driver = handled(message(), with_set(rules(), NOTIFY))
    [emitted] = driver.of(Emit)
    assert emitted.destination == "portal:main"
    assert emitted.event.lane == "crm.shop.700"
    about = emitted.event.about
    assert (about["channel"], about["portal"], about["at"]) == ("telegram", "main", AT.isoformat())
    assert load(dump(emitted.event)) == emitted.event


def test_where_rules_want_nothing_nothing_leaves() -> None:
    assert not handled(message(), with_set(rules(), Outcome(version="v1"))).of(Emit)
    assert not handled(message(), rules()).of(Emit)


def test_rules_that_read_the_crm_are_asked_when_it_was_read() -> None:
    ruled = FakeSet(outcome=BROKEN, wants=frozenset({"contact"}))
    assert handled(message(), with_set(rules(), ruled)).of(Emit)
    assert len(ruled.seen) == 1  # only for the line


def test_a_rule_that_fails_does_not_stop_the_message_and_is_told_beside_it() -> None:
    ruled = with_set(rules(), FakeSet(outcome=BROKEN))
    driver = handled(message(), ruled)
    assert driver.named(SEND)
    [emitted] = driver.of(Emit)
    with pytest.raises(PermanentError) as parked:
        Driver().run(event_mapped(emitted.event, ruled))
    assert parked.value.cause == "mapping.failed"
    for part in ("vip", "rules.yaml:7", "event.client.phone | e164"):
        assert part in parked.value.hint.ru
        assert part in parked.value.hint.en
    assert "это не номер. Сначала проверьте его." in parked.value.hint.ru.replace("..", ".")


def test_the_test_client_is_not_mapped() -> None:
    assert not handled(message(conversation="~test~"), with_set(rules(), NOTIFY)).of(Emit)


def test_a_message_that_parks_is_not_mapped() -> None:
    driver = Driver({SEND: PermanentError("no", hint=Text("no", "нет"))})
    with pytest.raises(PermanentError):
        driver.run(HANDLERS["portal", "message.received"](message(), with_set(rules(), NOTIFY)))
    assert not driver.of(Emit)


def test_sessions_and_blocks_are_mapped_too() -> None:
    session = DialogStarted(
        portal="main", connector="c", line="1", account="shop", conversation="700", session_id="301"
    )
    blocked = ConversationBlocked(account="shop", conversation="700", client=ANNA)
    for event in (session, blocked):
        [emitted] = handled(event, with_set(rules(), NOTIFY)).of(Emit)
        assert emitted.event.lane == "crm.shop.700"


def test_rules_see_what_a_visitor_told_before() -> None:
    links = {("visit", "shop.700"): {"page": {"url": "https://a/"}, "client": {"phone": "+79001112233"}}}
    said = message(client=Person(id="700"), page=Page(url="https://a/"))
    [emitted] = handled(said, with_set(rules(), NOTIFY), links).of(Emit)
    assert emitted.event.about["client"]["phone"] == "+79001112233"
    assert emitted.event.about["page"]["url"] == "https://a/"


def test_when_a_message_was_sent_counts_before_when_it_came() -> None:
    sent = datetime(2026, 8, 31, 23, tzinfo=UTC)
    ruled = FakeSet(outcome=NOTIFY)
    handled(message(sent_at=sent), with_set(rules(), ruled))
    assert ruled.seen[0]["event"]["at"] == sent


def test_a_record_is_seen_with_its_source() -> None:
    ruled = FakeSet(outcome=Outcome(version="v1"))
    event = RecordChanged(portal="main", source="shipments", record="42", values={"client": "ООО", "at": "x"})
    assert event.lane == "record.shipments.42"
    Driver().run(record_changed(event, with_set(rules(), ruled)))
    assert ruled.seen == [{"record": event.values, "source": "shipments"}]


def test_rules_choose_the_line_of_a_new_conversation_only() -> None:
    ruled = with_set(rules(), FakeSet(chosen=3))
    bound = {("line", "shop"): {"connector": "c", "line": "2"}}
    driver = Driver({SEND: TAKEN, "imconnector.status": {"STATUS": True}}, dict(bound))
    driver.run(HANDLERS["portal", "message.received"](message(), ruled))
    assert driver.named(SEND)[0].params["LINE"] == "3"
    assert not driver.named("imconnector.activate")
    begun = {**bound, ("chat", "shop.700"): {"chat_id": "17", "line": "9"}}
    assert handled(message(), ruled, begun).named(SEND)[0].params["LINE"] == "9"


def test_a_line_that_stays_off_is_not_spoken_on() -> None:
    ruled = with_set(rules(line=4), FakeSet(chosen=3))
    answers = {"imconnector.status": {"STATUS": False}, "imconnector.activate": True}
    driver = Driver({SEND: TAKEN, "imopenlines.config.get": {"ID": "3"}, **answers})
    driver.run(HANDLERS["portal", "message.received"](message(), ruled))
    (switched,) = driver.named("imconnector.activate")
    assert (switched.params["LINE"], switched.key.endswith(":3")) == ("3", True)
    assert driver.named(SEND)[0].params["LINE"] == "4"


@pytest.mark.parametrize("chosen", [None, BROKEN])
def test_without_a_word_of_the_rules_the_line_is_the_usual_one(chosen: Any) -> None:
    ruled = with_set(rules(line=4), FakeSet(chosen=chosen))
    assert handled(message(), ruled).named(SEND)[0].params["LINE"] == "4"


def test_a_line_that_needs_the_crm_reads_it_first_and_falls_back_when_it_may_not() -> None:
    def by_company(scope: Any) -> int | None:
        return 3 if (scope["found"]["company"] or {}).get("typeId") == "VIP" else None

    ruled = with_set(rules(line=4), FakeSet(chosen=by_company, line_wants=frozenset({"company"})))
    known = {
        SEND: TAKEN,
        "imconnector.status": {"STATUS": True},
        "crm.duplicate.findbycomm": {"CONTACT": [7]},
        "crm.item.get": lambda call: {
            "item": {"id": 7, "companyId": 5} if call.params["id"] == 7 else {"id": 5, "typeId": "VIP"}
        },
    }
    driver = Driver(known)
    driver.run(HANDLERS["portal", "message.received"](message(), ruled))
    assert driver.named(SEND)[0].params["LINE"] == "3"
    denied = PermanentError("bitrix24.access_denied", hint=Text("no", "нет"))
    driver = Driver({SEND: TAKEN, "crm.duplicate.findbycomm": denied})
    driver.run(HANDLERS["portal", "message.received"](message(), ruled))
    assert driver.named(SEND)[0].params["LINE"] == "4"


def mapped(**more: Any) -> EventMapped:
    [emitted] = handled(message(**more), with_set(rules(), NOTIFY)).of(Emit)
    event: EventMapped = emitted.event
    return event


def found_in(
    answers: Any, links: Any = None, needs: Any = ("contact", "company", "lead", "deal"), **config: Any
) -> Any:
    """``found`` as the rules got it, and the driver."""
    ruled = FakeSet(wants=frozenset(needs))
    ruled.config = replace(ruled.config, **config)
    driver = Driver(answers, links)
    driver.run(event_mapped(mapped(), with_set(rules(), ruled)))
    return ruled.seen[0]["found"], driver


def rows(call: Any) -> Any:
    return {"item": {"id": call.params["id"], "type": call.params["entityTypeId"]}}


def test_found_is_what_the_chat_is_bound_to() -> None:
    links = {("chat", "shop.700"): {"chat_id": "17"}}
    answers = {
        "imopenlines.dialog.get": {"entity_data_2": "LEAD|0|COMPANY|5|CONTACT|7|DEAL|9"},
        "crm.item.get": rows,
    }
    found, driver = found_in(answers, links)
    assert {name: row and row["id"] for name, row in found.items()} == {
        "contact": 7,
        "company": 5,
        "lead": None,
        "deal": 9,
    }
    assert driver.named("imopenlines.dialog.get")[0].params == {"CHAT_ID": "17"}
    assert not driver.named("crm.duplicate.findbycomm")


def test_found_without_a_chat_is_the_only_contact_with_the_number_and_its_company() -> None:
    item = {"item": {"id": 7, "companyId": 5}}
    found, driver = found_in({"crm.duplicate.findbycomm": {"CONTACT": [7]}, "crm.item.get": item})
    assert found["contact"] == found["company"] == item["item"]
    assert driver.named("crm.duplicate.findbycomm")[0].params == {
        "type": "PHONE",
        "values": ["+79001112233"],
        "entity_type": "CONTACT",
    }
    assert [call.params["id"] for call in driver.named("crm.item.get")] == [7, 5]


def test_of_several_nobody_is_found_and_our_own_numbers_find_nobody() -> None:
    assert found_in({"crm.duplicate.findbycomm": {"CONTACT": [7, 8]}}, needs=("contact",))[0]["contact"] is None
    own = {"own_phones": frozenset({"+79001112233"}), "own_emails": frozenset({"@acme.ru"})}
    found, driver = found_in({}, needs=("contact",), **own)
    assert found["contact"] is None
    assert not driver.named("crm.duplicate.findbycomm")


def test_only_what_the_rules_read_is_read() -> None:
    _, driver = found_in({"crm.duplicate.findbycomm": {"CONTACT": [7]}, "crm.item.get": rows}, needs=("contact",))
    assert len(driver.named("crm.item.get")) == 1


def test_a_replay_has_the_same_keys() -> None:
    ruled = with_set(rules(), NOTIFY)
    keys = []
    for _ in range(2):
        driver = Driver({"im.notify.system.add": 5})
        driver.run(event_mapped(mapped(), ruled))
        [call] = driver.named("im.notify.system.add")
        keys.append(call.key)
        [remembered] = driver.of(Remember)
        assert remembered.value["id"] == "5"
    assert keys == ["make:shop:700:55:r:1"] * 2


def test_every_mapped_kind_has_its_handler() -> None:
    assert set(HANDLERS) >= MAPPED


HIDING = FakeSet(outcome=NOTIFY, shown=False)


def test_what_the_rules_hide_is_in_no_chat_and_what_they_want_of_the_crm_happens() -> None:
    driver = handled(message(), with_set(rules(), HIDING))
    assert not driver.named(SEND)
    assert not driver.of(Fetch)
    [emitted] = driver.of(Emit)
    assert emitted.event.about["message_id"] == "55"
    assert "chat: false" in driver.returned


@pytest.mark.parametrize("said", [BROKEN, True])
def test_a_rule_that_fails_hides_nothing(said: Any) -> None:
    driver = handled(message(), with_set(rules(), FakeSet(outcome=NOTIFY, shown=said)))
    assert len(driver.named(SEND)) == 1


def test_nor_does_a_portal_that_lets_nobody_look() -> None:
    ruled = FakeSet(outcome=NOTIFY, shown=False, line_wants=frozenset({"contact"}))
    driver = Driver({SEND: TAKEN, "crm.duplicate.findbycomm": PermanentError("no", hint=Text("no", "нет"))})
    driver.run(HANDLERS["portal", "message.received"](message(), with_set(rules(), ruled)))
    assert len(driver.named(SEND)) == 1


def test_the_test_client_cannot_be_hidden() -> None:
    assert handled(message(conversation="~test~"), with_set(rules(), HIDING)).named(SEND)


def test_words_for_the_operator_are_none_for_the_rules() -> None:
    [emitted] = handled(message(notes=(("lost", "нет"),)), with_set(rules(), NOTIFY)).of(Emit)
    assert "notes" not in emitted.event.about
