"""Calls as handlers leave them in the journal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from connector.domain.calls import CallAnswered, CallRinging, CallStarted
from connector.domain.events import CallFinished, RecordingDue
from connector.domain.request import Request
from connector.domain.values import File
from connector.handlers.calls.story import together
from connector.intake import new_trace
from connector.journal import Envelope, Journal, NewDelivery, Settlement, Step
from connector.speech import Text

MAIN = "portal:main"


def finished(journal: Journal, call: str, *, recording: str = "", account: str = "office", **more: Any) -> str:
    """A finished call, and its recording in the state ``recording`` (empty: none); returns the trace."""
    now: datetime = journal.clock()
    told: dict[str, Any] = {"direction": "incoming", "phone": "+79001234567", "name": "Анна", "line": "74951234567"}
    told |= {"employee": "101", "user": 5, "status": "200", "talk": 83, "wait": 7, "missed": False}
    told |= {"started_at": now - timedelta(seconds=90), "ended_at": now}
    about = {"portal": "main", "account": account, "call": call, "call_id": f"externalCall.{call}"}
    event = CallFinished(**{**about, **told, **more})
    trace, events = new_trace(now), [event]
    if recording:
        events.append(RecordingDue(**about, recording=File(ref=f"https://pbx/{call}.mp3")))  # type: ignore[arg-type]
    request = Request(method="POST", path=f"/hooks/{account}", headers={}, body=b"{}", received_at=now)
    wanted = [NewDelivery(destination=MAIN, event=one, lane=f"{one.lane}", position=0) for one in events]
    journal.accept(Envelope(trace=trace, account=account, dedupe_key=f"{account}.{call}", request=request), wanted)
    settle(journal, {"call.finished": "done", "call.recording_due": recording})
    return trace


def settle(journal: Journal, states: dict[str, Any]) -> None:
    """The portal's pump is done with what waits, by its kind; ``waiting`` is left."""
    lease = journal.lease(MAIN)
    assert lease
    hint = Text("Make the folder readable", "Дайте права на папку")
    how = {"parked": {"cause": "recording.unreadable", "hint": hint, "detail": "403"}}
    settled = [
        Settlement(delivery=one, state=states[one.event.kind], attempts=1, **how.get(states[one.event.kind], {}))
        for one in journal.claim(lease, lanes=50)
        if states[one.event.kind] in ("done", "parked")
    ]
    journal.step(lease, Step(settled=settled))
    journal.leave(lease, force=True)


def going(journal: Journal, call: str, *, answered: str = "", account: str = "office", **more: Any) -> None:
    """A call that goes on: it rings at 101 and 102, or ``answered`` talks."""
    at = journal.clock()
    told = {"account": account, "call": call, "at": at}
    pieces: list[Any] = [CallStarted(**{**told, "direction": "incoming", "client": "89001112233", **more})]
    pieces += [CallRinging(**told, employee=name) for name in ("101", "102")]
    pieces += [CallAnswered(**told, employee=answered)] if answered else []
    journal.remember("event.call", f"{account}.{call}", together(pieces).dump())
    journal.remember("call.open", f"{account}.{call}", {"at": at.isoformat(), "call_id": "externalCall.1"})
