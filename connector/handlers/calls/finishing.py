"""The end of a call: finished once, under the one who talked, with what became of it (facts §1.4, §1.8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connector.domain.calls import CallFinished, CallSettled
from connector.domain.effects import Call, Emit, Plan, Recall, Remember
from connector.errors import PermanentError
from connector.handlers.calls.attachments import attachments
from connector.handlers.calls.cards import NO_SUCH_USER, first_user, hidden, in_statistics, registered
from connector.handlers.calls.hours import open_at
from connector.handlers.calls.ongoing import CALL, OPEN, Ongoing, ongoing
from connector.handlers.calls.outcome import Outcome, outcome
from connector.handlers.calls.people import ENTITIES, default_user
from connector.handlers.calls.story import Story, moment
from connector.handlers.rules import Rules
from connector.speech import Text

GONE = "bitrix24.call_not_found"
NO_WAY = Text(
    "The PBX never said whether this call came in or went out, so it is not in Bitrix24.",
    "АТС так и не сообщила, входящий это звонок или исходящий, поэтому в Битрикс24 его нет.",
)


def call_settled(event: CallSettled, rules: Rules) -> Plan:
    """If the call is still over, have it finished in Bitrix24 and send on what waited for that."""
    story = Story.read((yield Recall(CALL, f"{event.account}.{event.call}")))
    if not story.over or story.done.finished:
        return ""
    call = ongoing(event, story, rules)
    if call.may_be_told_better and event.at - moment(story.over) < timedelta(days=1):
        return ""  # the history of the PBX is awaited, and a later look is on its way
    if call.ours:
        yield from _finished(call)
    story.done.finished = True
    yield Remember(OPEN, call.key, None)
    yield Remember(CALL, call.key, story.dump())
    return "" if story.direction else NO_WAY.en


def _finished(call: Ongoing) -> Plan:
    story = call.story
    people = [story.word("caller")] if story.direction == "internal" else story.people()
    other = yield from default_user(call.portal, call.account, call.line, call.rules)
    user = (yield from first_user(call, people or [story.word("caller")])) or other
    if story.done.call_id:
        yield from hidden(call, user)
    else:
        yield from registered(call, user)
    ended = outcome(story, open_hours=_open(call))
    row, user = yield from _row(call, user, other, ended)
    _bound(story, row)
    yield from attachments(call)
    yield Emit(_told(call, user, ended), f"portal:{call.portal}")


def _row(call: Ongoing, user: int, other: int, ended: Outcome) -> Plan:
    """The row of the statistics that ``finish`` makes, and whom it is under. A call that Bitrix24 forgot is registered
    again (it keeps an unfinished one for thirty days); one that is finished already is looked up.
    """
    try:
        return (yield from _finish(call, user, other, ended))
    except PermanentError as error:
        if error.cause != GONE:
            raise
    row = yield from in_statistics({"CALL_ID": call.story.done.call_id})
    if row:
        return row, user
    yield from registered(call, user, again=":again")
    return (yield from _finish(call, user, other, ended))


def _finish(call: Ongoing, user: int, other: int, ended: Outcome) -> Plan:
    try:
        return (yield _finishing(call, user, ended)), user
    except PermanentError as error:
        if error.cause != NO_SUCH_USER or other in (0, user):
            raise
    return (yield _finishing(call, other, ended)), other


def _finishing(call: Ongoing, user: int, ended: Outcome) -> Call:
    """``ADD_TO_CHAT`` is always said: documentation and server differ about its absence (§1.4)."""
    call_id = call.story.done.call_id
    params: dict[str, Any] = {
        "CALL_ID": call_id,
        "USER_ID": user,
        "DURATION": ended.talk,
        "STATUS_CODE": ended.status,
        "FAILED_REASON": ended.reason,
        "ADD_TO_CHAT": int(not call.story.past),
    }
    key = f"call:{call.key}:finish:{call_id}:{user}"
    return Call(
        "telephony.externalCall.finish",
        params,
        key=key,
        proof=lambda: in_statistics({"CALL_ID": call_id}),
        judge=_kept,
        patient=call.story.past,
    )


def _kept(row: Any) -> dict[str, Any]:
    """What of the row anybody needs (§1.4; ``CALL_START_DATE`` is empty there)."""
    names = ("CALL_ID", "CRM_ENTITY_TYPE", "CRM_ENTITY_ID", "CRM_ACTIVITY_ID")
    return {name: row.get(name) for name in names}


def _bound(story: Story, row: Any) -> None:
    """Which CRM row it hangs on: what the call made or found in the end."""
    kind, number = str(row.get("CRM_ENTITY_TYPE") or ""), str(row.get("CRM_ENTITY_ID") or "")
    if kind in ENTITIES and number.isdigit() and int(number):
        story.done.entity, story.done.entity_id = kind, int(number)


def _told(call: Ongoing, user: int, ended: Outcome) -> CallFinished:
    story = call.story
    people = story.people() or [story.word("caller")]
    return CallFinished(
        portal=call.portal,
        account=call.account,
        call=call.call,
        call_id=story.done.call_id,
        direction=story.direction,
        phone=call.phone,
        name=story.word("name"),
        line=call.line,
        employee=people[0],
        user=user,
        status=ended.status,
        talk=ended.talk,
        wait=ended.wait,
        missed=ended.missed,
        cause=ended.cause,
        started_at=moment(story.began),
        ended_at=moment(story.over),
        entity=story.done.entity,
        entity_id=story.done.entity_id,
        past=story.past,
    )


def _open(call: Ongoing) -> bool:
    return open_at(call.pbx.hours, moment(call.story.began), call.rules.mappings.config.zone)
