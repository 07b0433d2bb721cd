"""Calls by a click, and where recordings lie (facts/providers.md §3.1)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from pydantic import SecretStr

from connector.domain.effects import Dial
from connector.domain.provider import Http, Outgoing, Source
from connector.domain.values import File, Receipt
from connector.errors import PermanentError, Stopped, TransientError
from connector.providers.asterisk.session import Session, opened
from connector.providers.asterisk.settings import AsteriskSettings, placed
from connector.providers.asterisk.wire import Block
from connector.speech import Text

GRACE = 5.0  # seconds beyond the time that the telephone may ring
_EXTENSION = re.compile(r"[A-Za-z0-9_.+*#-]{1,40}")
_PHONE = re.compile(r"\+?[0-9*#]{2,20}")
_LINE = re.compile(r"\+?[0-9]{0,20}")

_NO_ANSWER = Text(
    "Your telephone {extension} did not answer. Lift it when it rings, then the client is called",
    "Ваш телефон {extension} не ответил. Снимите трубку, когда он зазвонит, — тогда пойдёт вызов клиенту",
)
_BUSY = Text(
    "Your telephone {extension} is busy or declined the call", "Ваш телефон {extension} занят или сбросил вызов"
)
_NOT_THERE = Text(
    "Your telephone {extension} is not registered at the PBX: switch it on, or ask its administrator for the right "
    "extension",
    "Ваш телефон {extension} не зарегистрирован на АТС: включите его или уточните внутренний номер у администратора",
)
_FORBIDDEN = Text(
    "The PBX does not let the connector place calls. Ask its administrator to add originate to write= of manager "
    "user {user}",
    "АТС не разрешает коннектору звонить. Попросите администратора добавить originate в write= пользователя AMI {user}",
)
_REFUSED = Text(
    "The PBX refused the call: {message}. Ask whoever looks after it",
    "АТС отклонила вызов: {message}. Обратитесь к администратору",
)
_NUMBER = Text(
    "{number} cannot be called: it is no telephone number. Correct it on the card",
    "По {number} позвонить нельзя: это не номер телефона. Исправьте его в карточке",
)
_BAD_EXTENSION = Text(
    "{extension} is no extension of the PBX. Correct your internal number in Bitrix24",
    "{extension} не похож на внутренний номер АТС. Исправьте свой внутренний номер в Битрикс24",
)
_UNSURE = Text(
    "The PBX took the call and has not said what became of it",
    "АТС приняла вызов и не сообщила, что с ним стало",
)
_NO_PLACE = Text(
    "The recording lies on the PBX, but the account does not say where: give it `recordings:` with their `url`",
    "Запись лежит на АТС, но в аккаунте не сказано где: добавьте ему `recordings:` с их `url`",
)
_OUTSIDE = Text(
    "The PBX named a recording outside `recordings.folder`, and it is not fetched. Correct the folder and replay",
    "АТС назвала запись вне `recordings.folder`, она не загружена. Исправьте папку и повторите доставку",
)

# What OriginateResponse says of the employee's own telephone: control frames of Asterisk.
_REASONS: Mapping[str, tuple[str, Text]] = MappingProxyType(
    {
        "0": ("asterisk.not_registered", _NOT_THERE),
        "1": ("asterisk.no_answer", _NO_ANSWER),
        "2": ("asterisk.no_answer", _NO_ANSWER),
        "3": ("asterisk.no_answer", _NO_ANSWER),
        "5": ("asterisk.busy", _BUSY),
        "8": ("asterisk.not_registered", _NOT_THERE),
    }
)


def dial(outgoing: Outgoing, settings: AsteriskSettings, http: Http, *, grace: float = GRACE) -> Receipt:
    """Ring at the employee's telephone and, when it is lifted, dial the number; waits until it is.

    The call has the id of the command. Raises ``PermanentError`` in words for whoever clicked, or ``TransientError``.
    """
    command = outgoing.command
    assert isinstance(command, Dial)
    _check(command)
    try:
        with opened(settings, events="call") as session:
            return _originate(session, command, settings, settings.ring_seconds + grace)
    except Stopped as refused:  # one who clicked is told now, not when somebody has mended the login
        raise PermanentError(refused.cause, hint=refused.hint, detail=refused.detail) from None


def recording(file: File, settings: AsteriskSettings, http: Http) -> Source:
    """Where a recording can be fetched; whether it is there yet, the fetching tells. Raises ``PermanentError``."""
    place = settings.recordings
    if place is None:
        raise PermanentError("recording.no_place", hint=_NO_PLACE)
    path = placed(file.ref, place.folder)
    if not path:
        raise PermanentError("recording.outside", hint=_OUTSIDE)
    headers = basic(place.username, place.password) if place.url.startswith("http") else {}
    return Source(url=f"{place.url}/{quote(path)}", headers=headers, name=path.rpartition("/")[2])


def basic(username: str, password: SecretStr | None) -> dict[str, str]:
    """The header of a web server that wants a name and a password; none without a name."""
    if not username:
        return {}
    pair = f"{username}:{password.get_secret_value() if password else ''}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _check(command: Dial) -> None:
    if not _EXTENSION.fullmatch(command.extension):
        raise PermanentError("asterisk.extension", hint=_BAD_EXTENSION.with_(extension=command.extension[:20]))
    if not _PHONE.fullmatch(command.phone):
        raise PermanentError("asterisk.number", hint=_NUMBER.with_(number=command.phone[:30]))


def _originate(session: Session, command: Dial, settings: AsteriskSettings, seconds: float) -> Receipt:
    number = session.send("Originate", *_order(command, settings))
    try:
        taken = session.answer(number, lambda block: not block.event, others=False)
        if taken["Response"] != "Success":
            raise _refused(taken["Message"], settings)
        told = session.answer(number, lambda block: block.event == "OriginateResponse", seconds, others=False)
    except TransientError as lost:
        raise TransientError(lost.cause, hint=_UNSURE, detail=lost.detail, maybe_done=True) from None
    if told["Response"] != "Success":
        raise _failed(told, command)
    return Receipt(ids=(command.call,) if command.call else (told["Uniqueid"],))


def _order(command: Dial, settings: AsteriskSettings) -> list[tuple[str, str]]:
    """The client's number is the name that the employee's telephone shows; FreePBX knows by the number who calls."""
    digits = command.phone.lstrip("+")
    line = command.line if _LINE.fullmatch(command.line) else ""
    order = [
        ("Channel", settings.channel.replace("{extension}", command.extension)),
        ("Context", settings.originate_context),
        ("Exten", settings.dial.replace("{digits}", digits).replace("{phone}", command.phone)),
        ("Priority", "1"),
        ("Timeout", str(settings.ring_seconds * 1000)),
        ("CallerID", f'"{command.phone}" <{command.extension}>'),
        ("Async", "true"),
        ("Variable", f"CONNECTOR_CALL={command.call}"),
    ]
    chosen = [("ChannelId", command.call), ("OtherChannelId", f"{command.call}.2")] if command.call else []
    return [*order, *chosen, *([("Variable", f"CONNECTOR_LINE={line}")] if line else [])]


def _refused(message: str, settings: AsteriskSettings) -> PermanentError:
    if "permission" in message.lower():
        return PermanentError("asterisk.forbidden", hint=_FORBIDDEN.with_(user=settings.username), detail=message[:200])
    return PermanentError(
        "asterisk.refused", hint=_REFUSED.with_(message=message[:100].rstrip(". ") or "?"), detail=message[:200]
    )


def _failed(told: Block, command: Dial) -> PermanentError:
    cause, hint = _REASONS.get(told["Reason"], ("asterisk.not_registered", _NOT_THERE))
    return PermanentError(cause, hint=hint.with_(extension=command.extension), detail=f"Reason {told['Reason']}"[:40])
