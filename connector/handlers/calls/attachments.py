"""What belongs to a finished call leaves on lanes of its own: a recording may take its time to appear at the PBX."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from connector.domain.calls import Phrase, RecordingDue, TranscriptDue
from connector.domain.effects import Emit, Plan
from connector.handlers.calls.ongoing import Ongoing

APART = 30.0  # seconds between two recordings of one call


def attachments(call: Ongoing) -> Plan:
    """Send on each recording and each transcript that was told and not sent on yet."""
    done = call.story.done
    after: dict[str, Any] = {"portal": call.portal, "account": call.account, "call": call.call, "call_id": done.call_id}
    if not done.call_id:
        return
    fresh = [file for file in call.story.files() if file.ref not in done.sent]
    for place, file in enumerate(fresh):
        done.sent.append(file.ref)
        # Bitrix24 keeps one of them: each knows of the one before, without waiting for it for ever.
        yield Emit(RecordingDue(**after, recording=file), f"portal:{call.portal}", after=APART * place)
    for script in call.story.scripts:
        name = hashlib.sha256(json.dumps(script).encode()).hexdigest()[:16]
        if name not in done.sent:
            done.sent.append(name)
            yield Emit(
                TranscriptDue(**after, phrases=tuple(Phrase(**phrase) for phrase in script)), f"portal:{call.portal}"
            )
