"""Calls that begin in Bitrix24: a click on a number, a call back form (facts/bitrix24-telephony-crm.md §1.10, §1.13).

The click has registered its call already. What it was for is kept under the number, under the number with the
employee, and under the id that the PBX is asked to use: the story of the call that then begins claims it by any of
these, and uses that CALL_ID instead of registering a call of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from connector.domain.callbacks import CallPrepared, CallRefused, CallRequested
from connector.domain.calls import Cause
from connector.domain.effects import Dial, Emit, Plan, Recall, Remember
from connector.errors import PermanentError
from connector.handlers.calls.people import user_of
from connector.handlers.calls.placing import Wanted, failed, told, wanted
from connector.handlers.rules import Rules
from connector.speech import Text

CLICK = "event.click"
CLAIMABLE = timedelta(minutes=30)
SKEW = timedelta(minutes=5)  # the clock of a PBX may be behind ours
LATE = 120.0  # seconds: whoever clicked does not wait for it any more
UNDECIDED = "effect.unknown"  # the PBX may have placed it: a person decides

DOUBLED = Text("The same request came a moment ago.", "Тот же запрос пришёл только что.")
NOT_IN_TIME = Text(
    "The call to {phone} was not placed: the PBX could not be reached in time. Click again; if it repeats, tell your "
    "administrator.",
    "Звонок на {phone} не состоялся: АТС не удалось вовремя достучаться. Нажмите ещё раз; если повторится, сообщите "
    "администратору.",
)
NOT_PLACED = Text("The call to {phone} was not placed. {why}", "Звонок на {phone} не состоялся. {why}")
NOTHING_HEARD = Text("The PBX told nothing of this call", "АТС ничего не сообщила об этом звонке")

# The last word of a refusal's cause, as providers name them.
_CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        **dict.fromkeys(("no_answer", "not_answered", "missed", "timeout"), "missed"),
        **dict.fromkeys(("busy",), "busy"),
        **dict.fromkeys(("refused", "declined", "rejected", "cancelled"), "refused"),
        **dict.fromkeys(("unreachable", "offline", "congestion", "not_registered", "no_extension"), "unreachable"),
        **dict.fromkeys(("invalid", "invalid_number", "bad_number", "no_such_number"), "invalid"),
        **dict.fromkeys(("forbidden", "access_denied", "not_allowed"), "forbidden"),
        **dict.fromkeys(("no_money", "no_funds", "balance"), "no_money"),
    }
)
_STATUS: Mapping[Cause, str] = MappingProxyType(
    {
        "busy": "486",
        "missed": "304",
        "lost": "304",
        "refused": "603",
        "unreachable": "480",
        "invalid": "404",
        "forbidden": "403",
        "no_money": "402",
    }
)
_OTHER = "503"


def call_requested(event: CallRequested, rules: Rules) -> Plan:
    """Find who is to be connected with whom over which PBX, and have it dialled. When that cannot be, the call is
    finished in Bitrix24 and its user is told what to set: nothing is left for anybody to replay.
    """
    call: Wanted | None = yield from wanted(event, rules)
    if call is None:
        return DOUBLED.en
    if call.lacks is not None:
        return (yield from failed(event.portal, call.call_id, call.user, call.status, call.lacks, rules))
    if event.call_id and rules.late > LATE:
        late = NOT_IN_TIME.with_(phone=call.phone)
        return (yield from failed(event.portal, call.call_id, call.user, _STATUS["unreachable"], late, rules))
    click = {
        "call_id": call.call_id,
        "user": call.user,
        "extension": call.extension,
        "phone": call.phone,
        "call": call.call,
        "at": rules.at.isoformat() if rules.at else "",
    }
    for key in _keys(call.account, click):
        yield Remember(CLICK, key, click)
    prepared = CallPrepared(
        portal=event.portal,
        account=call.account,
        call_id=call.call_id,
        call=call.call,
        user=call.user,
        extension=call.extension,
        phone=call.phone,
        line=call.line,
    )
    yield Emit(prepared, f"account:{call.account}")
    # If the PBX never tells of it, nobody else would finish it, and its card would stay for good.
    yield _refused(prepared, "lost", Text("", ""), after=(CLAIMABLE + SKEW).total_seconds())
    return ""


def call_prepared(event: CallPrepared, rules: Rules) -> Plan:
    """Have the PBX place the call, once. A refusal goes back to the user; an id of the PBX's own choice is kept."""
    if rules.late > LATE:
        yield _refused(event, "lost", NOT_IN_TIME.with_(phone=event.phone))
        return NOT_IN_TIME.with_(phone=event.phone).en
    try:
        receipt = yield Dial(
            account=event.account,
            extension=event.extension,
            phone=event.phone,
            call=event.call,
            line=event.line,
            key=f"dial:{event.portal}:{event.call_id}",
            on_unknown="park",
        )
    except PermanentError as error:
        if error.cause == UNDECIDED:
            raise
        cause = _CAUSES.get(error.cause.rpartition(".")[2], "failed")
        yield _refused(event, cause, NOT_PLACED.with_(phone=event.phone, why=_ended(error.hint)))
        return error.hint.en
    given = receipt.ids[0] if receipt.ids else ""
    if given and given != event.call:
        click = yield Recall(CLICK, f"{event.account}/#{event.call}")
        if click:
            yield Remember(CLICK, f"{event.account}/#{given}", click)
    return ""


def call_refused(event: CallRefused, rules: Rules) -> Plan:
    """Finish what was clicked, unless a call has claimed it and ends it by itself, and tell the user why."""
    click = yield Recall(CLICK, f"{event.account}/#{event.call}")
    mine = bool(click) and click["call_id"] == event.call_id
    if event.cause == "lost" and not mine:
        return ""
    why = Text(*event.why)
    if not mine:
        return (yield from told(event.portal, event.call_id, event.user, why, rules))
    yield from _forgotten(event.account, click, f"{event.account}/#{event.call}")
    status = _STATUS.get(event.cause, _OTHER)
    reason = why if why.en else NOTHING_HEARD
    return (yield from failed(event.portal, event.call_id, event.user, status, reason, rules, aloud=bool(why.en)))


def claimed(account: str, call: str, phone: str, employee: str, at: datetime, rules: Rules) -> Plan:
    """The click that the call ``call`` of ``account`` carries out, as ``{"call_id", "user"}``, or ``None``. It is
    claimed once.

    Known by the id that the PBX was asked to use or has chosen, else by ``phone`` (as the click had it) when
    ``employee`` (empty: nobody says) is who clicked, no more than half an hour ago. ``at`` is when the call began.
    """
    exact = f"{account}/#{call}"
    keys = [exact, f"{account}/{phone}/{employee}", f"{account}/{phone}"]
    for key in dict.fromkeys(keys):
        click = yield Recall(CLICK, key)
        if click and (key == exact or (yield from _fits(click, account, employee, at, rules))):
            yield from _forgotten(account, click, key)
            return {"call_id": str(click["call_id"]), "user": int(click["user"])}
    return None


def _fits(click: Mapping[str, Any], account: str, employee: str, at: datetime, rules: Rules) -> Plan:
    clicked = datetime.fromisoformat(click["at"]) if click.get("at") else at
    if not -SKEW <= at - clicked <= CLAIMABLE:
        return False
    if employee in ("", click["extension"]):
        return True
    facts = rules.accounts.get(account)
    return facts is not None and (yield from user_of(facts.portal, employee, rules)) == click["user"]


def _keys(account: str, click: Mapping[str, Any]) -> Iterator[str]:
    yield f"{account}/#{click['call']}"
    yield f"{account}/{click['phone']}/{click['extension']}"
    yield f"{account}/{click['phone']}"


def _forgotten(account: str, click: Mapping[str, Any], found: str) -> Plan:
    """A later click to the same number stays."""
    for key in dict.fromkeys((found, *_keys(account, click))):
        there = yield Recall(CLICK, key)
        if there and there["call_id"] == click["call_id"]:
            yield Remember(CLICK, key, None)


def _ended(why: Text) -> Text:
    """With a full stop: it ends a text that has others."""
    return Text(*(said if said.endswith((".", "!", "?")) else f"{said}." for said in why))


def _refused(event: CallPrepared, cause: Cause, why: Text, *, after: float = 0.0) -> Emit:
    refused = CallRefused(
        portal=event.portal,
        account=event.account,
        call_id=event.call_id,
        call=event.call,
        user=event.user,
        phone=event.phone,
        cause=cause,
        why=(why.en, why.ru),
    )
    return Emit(refused, f"portal:{event.portal}", after=after)
