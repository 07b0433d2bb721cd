"""What a call in progress looks like in Bitrix24: registered once, its card with those whom it concerns now.

facts/bitrix24-telephony-crm.md §1.2, §1.3, §1.9, §1.13. Nothing here depends on which piece came first: after each one
it is asked what Bitrix24 should look like, and only the difference to what it was told is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from connector.domain.calls import AboutCall, CallSettled
from connector.domain.effects import Call, Emit, Plan, Recall, Remember
from connector.errors import PermanentError
from connector.handlers.calls.attachments import attachments
from connector.handlers.calls.clicks import claimed
from connector.handlers.calls.ongoing import CALL, OPEN, Ongoing, ongoing
from connector.handlers.calls.people import default_user, user_of
from connector.handlers.calls.reason import within_reason
from connector.handlers.calls.ringing import rung
from connector.handlers.calls.story import Done, Story, moment
from connector.handlers.rules import Rules
from connector.speech import Text

SETTLE = 3.0  # seconds that a call must look over: what was shuffled on its way arrives meanwhile
HISTORY = 150.0  # seconds for the PBX's history to be read when the end of a call was not seen
NO_SUCH_USER = "bitrix24.call_user"
HIDDEN_NUMBER = "000000"  # Bitrix24 registers nothing without digits (§1.2)
TOO_LATE = Text(
    "The PBX told this after the call was finished in Bitrix24; nothing can be changed there any more.",
    "АТС сообщила это, когда звонок в Битрикс24 уже был завершён; изменить там ничего нельзя.",
)


def call_told(event: AboutCall, rules: Rules) -> Plan:
    """Put the piece into the call's story and bring Bitrix24 up to it."""
    story = Story.read((yield Recall(CALL, f"{event.account}.{event.call}")))
    before, new = (story.over, story.talked_from), not story.began
    story.tell(within_reason(event, rules.at))
    call = ongoing(event, story, rules)
    note = ""
    if story.done.finished:
        yield from attachments(call)
        note = TOO_LATE.en if (story.over, story.talked_from) != before else ""
    else:
        if new:  # whoever looks after calls that lost their end finds it, before Bitrix24 knows of it
            yield Remember(OPEN, call.key, {"at": story.began, "call_id": ""})
        note = (yield from _shown_if_it_can_be(call)) if call.ours else ""
        yield from _settling(call)
        yield from rung(call, event)
    yield Remember(CALL, call.key, story.dump())
    return note


def _settling(call: Ongoing) -> Plan:
    """When the call looks over, it is looked at again in a while; what comes late but was before is told before."""
    story, waits = call.story, call.may_be_told_better
    sign = f"{story.over}?" if waits else story.over
    if not story.over or story.done.settling == sign:
        return
    story.done.settling = sign
    after, place = (HISTORY, timedelta(days=1)) if waits else (SETTLE, timedelta(seconds=SETTLE))
    if waits:  # whoever reads the history sees that somebody waits for it
        yield Remember(OPEN, call.key, {"at": story.began, "call_id": story.done.call_id, "waits": story.over})
    settled = CallSettled(account=call.account, call=call.call, at=moment(story.over) + place)
    yield Emit(settled, f"portal:{call.portal}", after=after)


def _shown_if_it_can_be(call: Ongoing) -> Plan:
    """What the portal refuses now is no loss: the piece is in the story, and whatever finishes the call tries again,
    and waits for a person when it must. Returns what to note.
    """
    try:
        yield from _shown(call)
    except PermanentError as error:
        return error.hint.en
    return ""


def _shown(call: Ongoing) -> Plan:
    """Register the call once it concerns somebody, then show and hide its card."""
    story, done = call.story, call.story.done
    concerned = _concerned(story)
    if not done.call_id:
        if not concerned or not story.direction or story.over:
            return
        yield from registered(call, (yield from first_user(call, concerned)))
    wanted = yield from _users(call, [] if story.over and not story.talker() else concerned)
    yield from _move_cards(done, [user for user in wanted if call.pops or user in done.shown])


def _concerned(story: Story) -> list[str]:
    """The employees before whom the card should be now."""
    if story.talker():
        return story.next_ones() or [story.talker()]
    if story.direction in ("outgoing", "internal"):
        return [who for who in (story.word("caller"),) if who]
    return story.ringing()


def _move_cards(done: Done, wanted: list[int]) -> Plan:
    gone = [user for user in done.shown if user not in wanted]
    come = [user for user in wanted if user not in done.shown]
    if gone:
        yield Call("telephony.externalCall.hide", {"CALL_ID": done.call_id, "USER_ID": gone})
    if come:
        yield Call("telephony.externalCall.show", {"CALL_ID": done.call_id, "USER_ID": come})
    done.shown = wanted


def hidden(call: Ongoing, user: int) -> Plan:
    """Take the card from everybody who may have it but ``user``: theirs goes when they finish the call, and nobody
    else's can be taken after that (§1.4).

    Whoever was shown it by a process that died right then is in no list of ours, so all who took part are meant.
    """
    story, done = call.story, call.story.done
    met = yield from _users(call, [*story.people(), *story.answered, *(to for _, _, to, _ in story.moves)])
    others = [one for one in dict.fromkeys([*done.shown, *met, done.user]) if one not in (0, user)]
    if others:
        yield Call("telephony.externalCall.hide", {"CALL_ID": done.call_id, "USER_ID": others})
    done.shown = []


def _users(call: Ongoing, people: Iterable[str]) -> Plan:
    """The Bitrix24 users of these employees; without those who have none."""
    users: list[int] = []
    for who in people:
        user = yield from user_of(call.portal, who, call.rules)
        if user and user not in users:
            users.append(user)
    return users


def first_user(call: Ongoing, people: Iterable[str]) -> Plan:
    """The first of these employees who has a Bitrix24 user; 0: nobody has. Those behind are not asked for: the portal
    should hear of a call before we know everybody whom it rings at.
    """
    for who in people:
        user = yield from user_of(call.portal, who, call.rules)
        if user:
            return user
    return 0


def registered(call: Ongoing, user: int, *, again: str = "") -> Plan:
    """Have the call registered under ``user``, whose card pops up (0: under the one for all else, whose does not),
    unless it was clicked in Bitrix24, which has registered it then.

    One EXTERNAL_CALL_ID per call: two calls of one number within half an hour stay two (trap 20, §1.2).
    """
    story, done = call.story, call.story.done
    click = None
    if story.direction == "outgoing" and not again:
        caller = story.word("caller") or story.talker()
        click = yield from claimed(call.account, call.call, call.phone, caller, call.clicked_by, call.rules)
    if click:
        done.call_id, done.user, done.shown = click["call_id"], click["user"], [click["user"]]
    else:
        answer = yield from _register(call, user, again)
        done.call_id, done.user = answer["CALL_ID"], answer["user"]
        done.shown = [done.user] if answer["shown"] else []
        done.entity, done.entity_id = answer["entity"], answer["entity_id"]
    yield Remember(OPEN, call.key, {"at": story.began, "call_id": done.call_id})


def _register(call: Ongoing, user: int, again: str) -> Plan:
    """Under the employee; under the one for all else when Bitrix24 does not know the employee (any more)."""
    pops = call.pops and not again and not call.story.over
    try:
        if user:
            return {**(yield _registration(call, user, again, pops=pops)), "user": user}
    except PermanentError as error:
        if error.cause != NO_SUCH_USER:
            raise
    other = yield from default_user(call.portal, call.account, call.line, call.rules)
    return {**(yield _registration(call, other, f"{again}:other", pops=False)), "user": other}


def _registration(call: Ongoing, user: int, again: str, *, pops: bool) -> Call:
    """Two calls of an unknown number are not registered at once: each would make a lead (§1.7, trap 23)."""
    story, line = call.story, call.line_settings
    create = call.pbx.crm_create if line.crm_create is None else line.crm_create
    create = create and bool(call.phone) and not call.own_number and story.direction != "internal"
    params = {
        "USER_ID": user,
        "PHONE_NUMBER": call.phone or HIDDEN_NUMBER,
        "TYPE": 2 if story.direction == "incoming" else 1,
        "CALL_START_DATE": call.began.isoformat(timespec="seconds"),
        "CRM_CREATE": int(create),
        "CRM_SOURCE": line.source or call.pbx.source,
        "SHOW": int(pops),
        "LINE_NUMBER": call.line[:50],
        "EXTERNAL_CALL_ID": call.key,
    }
    key = f"call:{call.key}:register{again}"
    return Call(
        "telephony.externalCall.register",
        params,
        key=key,
        proof=_proof(call.key),
        judge=_taken(pops),
        patient=story.past,
        turn=f"client:{call.phone}" if create else "",
    )


def _taken(shown: bool) -> Callable[[Any], dict[str, Any]]:
    def read(answer: Any) -> dict[str, Any]:
        """What is kept of the answer of ``register`` (§1.2)."""
        return {
            "CALL_ID": str(answer["CALL_ID"]),
            "entity": str(answer.get("CRM_ENTITY_TYPE") or ""),
            "entity_id": int(answer.get("CRM_ENTITY_ID") or 0),
            "shown": shown,
        }

    return read


def _proof(external: str) -> Callable[[], Plan]:
    """A finished call is found in the statistics; an unfinished one is not registered twice anyway (§1.2)."""

    def found() -> Plan:
        row = yield from in_statistics({"EXTERNAL_CALL_ID": external})
        return row and {"CALL_ID": row["CALL_ID"], "entity": "", "entity_id": 0, "shown": False}

    return found


def in_statistics(wanted: dict[str, Any]) -> Plan:
    """The first row of the statistics with these fields, or ``None`` (§1.11: an unknown field would find everything,
    so what came is compared)."""
    try:
        rows = yield Call("voximplant.statistic.get", {"FILTER": wanted, "SORT": "ID", "ORDER": "ASC"})
    except PermanentError:
        return None  # not ours to read
    fits = (row for row in rows or [] if all(str(row.get(name)) == str(value) for name, value in wanted.items()))
    return next(fits, None)
