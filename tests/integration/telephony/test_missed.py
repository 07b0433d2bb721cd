"""A missed client is on somebody's list until somebody has spoken with them, whatever the way."""

from __future__ import annotations

from typing import Any

from tests.integration.telephony.exchange import CLIENT, LINE, Exchange

RULE = """
on: call.finished
when: event.missed
crm:
  contact: {match: [chat], create: false, set: {COMMENTS: missed}}
"""


def contact(office: Exchange) -> int:
    phones = [{"VALUE": CLIENT, "VALUE_TYPE": "WORK"}]
    return int(office.crm("crm.contact.add", fields={"NAME": "Anna", "ASSIGNED_BY_ID": 2, "PHONE": phones}))


def standing(office: Exchange) -> list[tuple[str, str, str]]:
    return [(row["OWNER_TYPE_ID"], row["OWNER_ID"], row["COMPLETED"]) for row in office.todos()]


def asked(office: Exchange, method: str) -> int:
    return len(office.house.sandbox.calls(method))


def test_a_missed_call_is_a_to_do_on_the_contact_until_they_are_called_back(office: Exchange) -> None:
    anna = str(contact(office))
    office.talked("c-1", direction="incoming", talk=0)
    [todo] = office.todos()
    assert standing(office) == [("3", anna, "N")]
    assert todo["RESPONSIBLE_ID"] == "2"
    assert todo["SUBJECT"] == f"Call back {CLIENT} (Anna): missed on line {LINE}"
    office.talked("c-2", direction="outgoing", talk=0)
    office.talked("c-3", direction="incoming", talk=0)
    assert standing(office) == [("3", anna, "N")]
    office.talked("c-4", direction="outgoing")
    assert standing(office) == [("3", anna, "Y")]
    office.talked("c-5", direction="incoming", talk=0)
    assert standing(office) == [("3", anna, "Y"), ("3", anna, "N")]
    assert not office.troubles()


def test_a_stranger_who_was_missed_waits_on_the_lead_that_the_call_made(office: Exchange) -> None:
    office.talked("c-1", direction="incoming", talk=0)
    [call] = office.calls()
    [(kind, owner, completed)] = standing(office)
    assert (kind, owner, completed) == ("1", str(call["crm"]["LEAD"]), "N")
    office.talked("c-2", direction="incoming")
    assert [row[2] for row in standing(office)] == ["Y"]


def test_who_calls_again_and_is_answered_waits_no_more(office: Exchange) -> None:
    contact(office)
    office.talked("c-1", direction="incoming", talk=0)
    office.talked("c-2", direction="incoming")
    assert [row[2] for row in standing(office)] == ["Y"]


def test_what_a_person_completed_does_not_hide_the_next_missed_call(office: Exchange) -> None:
    contact(office)
    office.talked("c-1", direction="incoming", talk=0)
    [todo] = office.todos()
    office.crm("crm.activity.update", id=todo["ID"], fields={"COMPLETED": "Y"})
    office.talked("c-2", direction="incoming", talk=0)
    assert [row[2] for row in standing(office)] == ["Y", "N"]


def chat_of(office: Exchange, anna: int) -> None:
    office.house.say("501", "hello")
    office.house.sandbox.bind_chat("shop.501", contact=anna)


def reply(office: Exchange, text: str, **more: Any) -> None:
    office.house.reply("501", text, **more)
    office.house.pump()


def test_an_operators_reply_in_a_chat_reaches_the_client_too(office: Exchange) -> None:
    anna = contact(office)
    chat_of(office, anna)
    office.talked("c-1", direction="incoming", talk=0)
    reply(office, "we saw your call")
    assert standing(office) == [("3", str(anna), "Y")]
    assert asked(office, "imopenlines.dialog.get") == 1
    reply(office, "anything else?")
    assert asked(office, "imopenlines.dialog.get") == 1
    office.talked("c-2", direction="incoming", talk=0)
    reply(office, "and again")
    assert [row[2] for row in standing(office)] == ["Y", "Y"]
    assert asked(office, "imopenlines.dialog.get") == 1
    assert not office.troubles()


def test_a_reply_to_somebody_else_completes_nothing_and_asks_once_a_session(office: Exchange) -> None:
    contact(office)
    office.house.say("501", "hello")
    reply(office, "hello")
    assert asked(office, "imopenlines.dialog.get") == 0
    office.talked("c-1", direction="incoming", talk=0)
    for number in range(3):
        reply(office, f"reply {number}")
    assert asked(office, "imopenlines.dialog.get") == 1
    assert [row[2] for row in standing(office)] == ["N"]


def test_a_rule_sees_a_call_once_it_is_whole(office: Exchange) -> None:
    anna = contact(office)
    connector = office.house.connector
    folder = connector.settings.mappings
    assert folder is not None
    folder.mkdir(exist_ok=True)
    (folder / "missed.yaml").write_text(RULE, encoding="utf-8")
    connector.rulebook.publish()
    office.talked("c-1", direction="incoming", talk=0)
    row = office.crm("crm.contact.get", id=anna)
    assert row["COMMENTS"] == "missed"
    assert not office.troubles()
