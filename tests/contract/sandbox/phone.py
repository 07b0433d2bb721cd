"""Calls as the tests of telephony make them: a ringing one, a finished one, and sound to attach."""

from __future__ import annotations

import io
import wave
from typing import Any

from tests.contract.sandbox.caller import Caller

CLIENT = "+79991234567"
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x64" * 40


def sound(seconds: float = 0.2) -> bytes:
    """Silence as a wav file."""
    kept = io.BytesIO()
    with wave.open(kept, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\0\0" * int(8000 * seconds))
    return kept.getvalue()


def ringing(app: Caller, phone: str = CLIENT, **fields: Any) -> str:
    """A registered incoming call of user 1; its CALL_ID."""
    asked = {"USER_ID": 1, "PHONE_NUMBER": phone, "TYPE": 2, **fields}
    return str(app.result("telephony.externalCall.register", **asked)["CALL_ID"])


def finished(app: Caller, duration: int = 60, phone: str = CLIENT, **fields: Any) -> str:
    """A call that is over; its CALL_ID."""
    ends = {name: fields.pop(name) for name in ("STATUS_CODE", "ADD_TO_CHAT", "VOTE") if name in fields}
    call = ringing(app, phone, **fields)
    app.result("telephony.externalCall.finish", CALL_ID=call, USER_ID=1, DURATION=duration, **ends)
    return call


def refusal(app: Caller, method: str, **params: Any) -> str:
    """What an ERROR_CORE of this call says."""
    status, body = app.call(method, **params)
    assert (status, body["error"]) == (400, "ERROR_CORE"), body
    return str(body["error_description"])
