"""Placing calls and fetching recordings at Twilio (facts/providers.md §3.8)."""

from __future__ import annotations

import re
from urllib.parse import urlencode
from xml.etree import ElementTree

from connector.domain.effects import Dial
from connector.domain.provider import Http, Outgoing, Source
from connector.domain.values import File, Receipt
from connector.errors import PermanentError
from connector.providers.twilio.api import ask, authorization
from connector.providers.twilio.settings import TwilioSettings
from connector.speech import Text

EVENTS = ("initiated", "ringing", "answered", "completed")

_NO_EXTENSION = Text(
    "Nobody has told where extension {extension} rings: add it to employees of the account in connector.yaml.",
    "Неизвестно, где звонит внутренний номер {extension}: добавьте его в employees аккаунта в connector.yaml.",
)
_NO_LINE = Text(
    "Say from which number to call: set number of the account to one that Twilio lets us use.",
    "Укажите, с какого номера звонить: впишите в number аккаунта номер из Twilio.",
)
_NO_RECORDING = Text("This is no recording of Twilio.", "Это не запись Twilio.")


def dial(outgoing: Outgoing, settings: TwilioSettings, http: Http) -> Receipt:
    """Ring at the employee's telephone, then connect the client. The receipt bears the sid of the call.

    Callbacks bear the client and the employee in our own address, which the signature covers.
    """
    command = outgoing.command
    assert isinstance(command, Dial)
    address = settings.address(command.extension)
    if not address:
        raise PermanentError("twilio.no_extension", hint=_NO_EXTENSION.with_(extension=command.extension[:20]))
    line = command.line or settings.number or (next(iter(settings.lines)) if len(settings.lines) == 1 else "")
    if not line:
        raise PermanentError("twilio.line", hint=_NO_LINE)
    callback = callback_url(settings, command, line)
    fields = [
        ("To", address),
        ("From", line),
        ("Twiml", twiml(command.phone, line, callback, record=settings.record)),
        ("StatusCallback", callback),
        *(("StatusCallbackEvent", event) for event in EVENTS),
    ]
    said = ask(http, settings, "POST", settings.resource("Calls.json"), data=fields)
    sid = said.get("sid")
    return Receipt(ids=(sid,)) if isinstance(sid, str) and sid else Receipt()


def callback_url(settings: TwilioSettings, command: Dial, line: str) -> str:
    """Our address with what callbacks of this call are to say."""
    asked = {"client": command.phone, "employee": command.extension, "line": line}
    return f"{settings.url}?{urlencode(asked)}"


def twiml(phone: str, line: str, callback: str, *, record: bool) -> str:
    """What Twilio does once the employee has picked up."""
    response = ElementTree.Element("Response")
    dialled = ElementTree.SubElement(response, "Dial", callerId=line, answerOnBridge="true")
    if record:
        dialled.set("record", "record-from-answer-dual")
        dialled.set("recordingStatusCallback", callback)
        dialled.set("recordingStatusCallbackEvent", "completed")
    number = ElementTree.SubElement(dialled, "Number", statusCallback=callback, statusCallbackEvent=" ".join(EVENTS))
    number.text = phone
    return ElementTree.tostring(response, encoding="unicode")


def recording(file: File, settings: TwilioSettings, _: Http) -> Source:
    """The mp3 of a recording by its sid, with the account's login. While it is not ready Twilio answers 404."""
    if not re.fullmatch(r"RE[0-9a-fA-F]{32}", file.ref):
        raise PermanentError("twilio.recording", hint=_NO_RECORDING)
    url = settings.resource(f"Recordings/{file.ref}.mp3")
    return Source(url=url, headers=authorization(settings), name=f"{file.ref}.mp3", mime="audio/mpeg")
