"""What is attached to a finished call: its recordings and transcripts (facts/bitrix24-telephony-crm.md §1.5)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.calls import AfterCall, Phrase, RecordingDue, TranscriptDue
from connector.domain.effects import Attach, Call, Fetch, Plan, Recall, Remember
from connector.domain.values import StoredFile
from connector.handlers.calls.cards import in_statistics
from connector.handlers.calls.numbers import dialled
from connector.handlers.calls.ongoing import CALL
from connector.handlers.calls.story import Story, moment
from connector.handlers.rules import Rules
from connector.speech import Text

_EXTENSIONS: Mapping[str, str] = {"audio/wav": "wav", "audio/mpeg": "mp3"}
_LONGEST_PHRASE = 10_000  # characters
RECORD = "event.record"  # link by <portal>/<call_id>: {"ref", "size"} of the recording that is attached
ONE_ONLY = Text(
    "The call has a longer recording already, and Bitrix24 keeps one for a call; this one stays at the PBX.",
    "У звонка уже есть более длинная запись, а Битрикс24 хранит одну на звонок; эта остаётся на АТС.",
)
NOTHING_SAID = Text(
    "The transcript has no words, so there was nothing to attach.", "В расшифровке нет слов, прикреплять нечего."
)


def recording_due(event: RecordingDue, rules: Rules) -> Plan:
    """Bring the recording here and give it to Bitrix24. A repeat replaces it, so it harms nothing; of several (a PBX
    may make one for each leg) the largest stays, since Bitrix24 keeps one for a call.

    It waits while the PBX has it not ready or Bitrix24 has the call not finished; what Bitrix24 never takes is parked.
    """
    key, mine = f"{event.portal}/{event.call_id}", _short(event.recording.ref)
    stored = yield Fetch(file=event.recording, origin=f"account:{event.account}", recording=True, late=rules.late)
    kept = (yield Recall(RECORD, key)) or {"ref": mine, "size": 0}
    if kept["ref"] != mine and kept["size"] >= stored.size:
        return ONE_ONLY.en
    name = yield from _name(event, stored, rules)
    yield Attach(
        method="telephony.externalCall.attachRecord",
        params={"CALL_ID": event.call_id, "FILENAME": name},
        file=replace(stored, name=name),
        key=f"record:{event.portal}:{event.call_id}:{mine}",
    )
    yield Remember(RECORD, key, {"ref": mine, "size": stored.size})
    return ""


def transcript_due(event: TranscriptDue, rules: Rules) -> Plan:
    """Attach what was said. After a cut it is looked up: once more would make a second transcript."""
    messages = [row for phrase in event.phrases for row in _rows(phrase)]
    if not messages:
        return NOTHING_SAID.en
    yield Call(
        "telephony.call.attachTranscription",
        {"CALL_ID": event.call_id, "MESSAGES": messages},
        key=f"transcript:{event.portal}:{event.call_id}:{_short(json.dumps(messages))}",
        proof=lambda: _transcribed(event.call_id),
    )
    return ""


def _name(event: AfterCall, stored: StoredFile, rules: Rules) -> Plan:
    """``2026-11-29_10-15_+79123456789.mp3``: when and with whom, in the zone of the rules.

    The extension is in lower case, because the portal's check knows no capitals (§1.5).
    """
    story = Story.read((yield Recall(CALL, f"{event.account}.{event.call}")))
    began = moment(story.began) if story.began else rules.at
    when = f"{began.astimezone(ZoneInfo(rules.mappings.config.zone)):%Y-%m-%d_%H-%M}" if began else "call"
    who = dialled(story.word("client"), rules) or re.sub(r"[^A-Za-z0-9.-]", "", event.call)[-40:]
    extension = _EXTENSIONS.get(stored.mime) or stored.name.rpartition(".")[2].lower()
    return "_".join(filter(None, (when, who))) + f".{extension}"


def _rows(phrase: Phrase) -> list[dict[str, Any]]:
    """Seconds from the start of the call; the portal wants an end of one second at least, and no empty words."""
    words = " ".join(phrase.text.split())[:_LONGEST_PHRASE]
    begin = max(0, phrase.begin)
    row = {"SIDE": phrase.side, "START_TIME": begin, "STOP_TIME": max(1, begin, phrase.end), "MESSAGE": words}
    return [row] if words else []


def _transcribed(call_id: str) -> Plan:
    row = yield from in_statistics({"CALL_ID": call_id})
    number = str((row or {}).get("TRANSCRIPT_ID") or "0")
    return {"TRANSCRIPT_ID": number} if number not in ("0", "") else None


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
