"""The telephone's half of the control API: calls and their cards, click to call, the call-back form."""

from __future__ import annotations

import re
from typing import Any

from connector.sandbox import call_crm, calling
from connector.sandbox.answers import ApiError
from connector.sandbox.calling import Registration
from connector.sandbox.calls import OUTGOING, ExternalLine, PhoneCall, dialled
from connector.sandbox.crm_binding import TYPES
from connector.sandbox.crm_duplicates import reduced
from connector.sandbox.events import emit
from connector.sandbox.state import Portal


class CallsControl:
    """People at their telephones."""

    portal: Portal

    def phone_calls(self, phone: str = "", live: bool | None = None) -> list[dict[str, Any]]:
        """Calls, oldest first, as :func:`call_view` shows them; of one number, only the live or the finished ones."""
        with self.portal.lock:
            return [
                call_view(self.portal, call)
                for call in self.portal.exchange.calls.values()
                if (not phone or reduced("PHONE", call.phone) == reduced("PHONE", phone))
                and (live is None or _yes(live) != bool(call.finished))
            ]

    def phone_call(self, call: str) -> dict[str, Any]:
        """One call by its CALL_ID or EXTERNAL_CALL_ID; the latest with that external id."""
        with self.portal.lock:
            return call_view(self.portal, self._phone_call(call))

    def _phone_call(self, call: str) -> PhoneCall:
        held = [one for one in self.portal.exchange.calls.values() if call in (one.call_id, one.external_id)]
        if not held:
            raise ApiError("PHONE_CALL", f"There is no call {call}", 404)
        return held[-1]

    def phone_lines(self) -> list[dict[str, Any]]:
        """The external lines of all applications; ``client_id`` is empty for those of the webhook."""
        with self.portal.lock:
            return [
                {"id": one.id, "client_id": one.client_id, **one.row()} for one in self.portal.exchange.lines.values()
            ]

    def click_to_call(
        self, user: int, phone: str, line: str = "", entity: str = "", twice: bool = False
    ) -> dict[str, Any]:
        """Employee ``user`` clicks a number: the call is registered, ``ONEXTERNALCALLSTART`` leaves; the call's view.

        ``line`` empty is the first line there is; ``entity`` such as ``CONTACT:5`` is whose card the number was on.
        ``twice`` posts the event a second time. The event goes to the application that the line belongs to.
        """
        portal = self.portal
        with portal.lock:
            held = self._line(line)
            client = held.client_id if held else portal.config.client_id
            asked = Registration(
                client_id=client,
                user_id=int(user),
                phone=str(phone),
                kind=OUTGOING,
                began=portal.now(),
                line=held.number if held else "",
                crm_create=held.crm_auto_create if held else True,
                entity=_entity(entity),
                show=False,
            )
            answer = calling.register(portal, asked)
            # The page that was clicked in opens the card, not the registration.
            calling.show(portal, answer["CALL_ID"], [int(user)])
            call = portal.exchange.calls[answer["CALL_ID"]]
            call.clicked = True
            for _ in range(2 if _yes(twice) else 1):
                emit(
                    portal, "ONEXTERNALCALLSTART", _start(str(phone), asked, answer), actor=int(user), client_id=client
                )
            return call_view(portal, call)

    def callback_form(
        self, phone: str, text: str = "", line: str = "", entity: str = "", voice: str = ""
    ) -> dict[str, Any]:
        """A client asks to be called back: ``ONEXTERNALCALLBACKSTART`` leaves, nothing is registered; what it said."""
        with self.portal.lock:
            held, owner = self._line(line), _entity(entity) or ("", 0)
            data = {
                "PHONE_NUMBER": str(phone),
                "TEXT": text,
                "VOICE": voice,
                "CRM_ENTITY_TYPE": owner[0],
                "CRM_ENTITY_ID": owner[1] or "",
                "LINE_NUMBER": held.number if held else "",
            }
            client = held.client_id if held else self.portal.config.client_id
            emit(self.portal, "ONEXTERNALCALLBACKSTART", data, client_id=client)
            return data

    def close_card(self, call: str, user: int) -> dict[str, Any]:
        """An employee closes a card, which the portal leaves open when a call ends without it being hidden."""
        with self.portal.lock:
            held = self._phone_call(call)
            calling.take_away(self.portal, held, "close", int(user))
            return call_view(self.portal, held)

    def _line(self, number: str) -> ExternalLine | None:
        lines = list(self.portal.exchange.lines.values())
        if not number:
            return lines[0] if lines else None
        held = next((one for one in lines if one.number == number), None)
        if held is None:
            raise ApiError("PHONE_LINE", f"There is no line {number}", 404)
        return held


def _yes(value: Any) -> bool:
    return str(value).lower() in ("1", "true", "y")


def _entity(text: str) -> tuple[str, int] | None:
    kind, _, number = text.upper().partition(":")
    if not text:
        return None
    if kind not in TYPES or not number.isdigit():
        raise ApiError("ENTITY", f"Not an entity: {text}; write CONTACT:5", 400)
    return kind, int(number)


def _start(phone: str, asked: Registration, answer: dict[str, Any]) -> dict[str, Any]:
    """The event of a click (§1.10)."""
    number, _, extension = re.sub(r"[,;]", ";", phone).partition(";")
    return {
        "PHONE_NUMBER": phone,
        "PHONE_NUMBER_INTERNATIONAL": international(number),
        "EXTENSION": extension,
        "USER_ID": asked.user_id,
        "CALL_LIST_ID": 0,
        "LINE_NUMBER": asked.line,
        "IS_MOBILE": 0,
        "CALL_ID": answer["CALL_ID"],
        "CRM_ENTITY_TYPE": answer["CRM_ENTITY_TYPE"],
        "CRM_ENTITY_ID": answer["CRM_ENTITY_ID"] or "",
        "CRM_CREATED_LEAD": answer["CRM_CREATED_LEAD"] or "",
        "CRM_CREATED_ENTITIES": answer["CRM_CREATED_ENTITIES"],
    }


def international(number: str) -> str:
    """The number in E.164, as a portal in Russia reads it; short ones stay as they are."""
    digits = reduced("PHONE", number)
    if len(digits) < 10:
        return dialled(number)
    return f"+7{digits}" if len(digits) == 10 else f"+{digits}"


def call_view(portal: Portal, call: PhoneCall) -> dict[str, Any]:
    """One call as a plain map. Hold the lock.

    ``shown_to`` are the users on whose screens the card is right now, ``cards`` everything that happened to it;
    ``user`` is who it was registered on, ``employee`` who finished it (0 before). Times are unix seconds, ``duration``
    seconds, ``status`` is empty while the call is live.
    """
    return {
        "call_id": call.call_id,
        "external_id": call.external_id or "",
        "client_id": call.client_id,
        "type": call.kind,
        "direction": call.direction,
        "phone": call.phone,
        "client": call_crm.client_name(portal, call),
        "line": call.line,
        "user": call.user_id,
        "employee": call.employee,
        "began": call.began,
        "finished": call.finished,
        "live": not call.finished,
        "clicked": call.clicked,
        "internal": call.internal,
        "shown_to": list(call.shown_to),
        "cards": [{"at": change.at, "act": change.act, "user": change.user} for change in call.cards],
        "duration": call.duration,
        "status": call.status,
        "reason": call.reason,
        "missed": call.missed,
        "called_back": call.called_back,
        "in_chat": call.in_chat,
        "crm": dict(call.crm),
        "created": [{"type": kind, "id": number} for kind, number in call.created],
        "activity": call.activity,
        "statistics": call.row,
        "recording": _recording(portal, call),
        "transcript": list(call.transcript.lines) if call.transcript else [],
    }


def _recording(portal: Portal, call: PhoneCall) -> dict[str, Any] | None:
    held = portal.files.get(call.record)
    if held is None:
        return None
    size = len(held.content)
    return {"id": held.id, "name": held.name, "mime": held.mime, "size": size, "url": portal.file_url(held)}
