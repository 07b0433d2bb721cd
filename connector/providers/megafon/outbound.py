"""Dialling, and where a recording lies (facts/providers.md §3.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import requests

from connector.domain.effects import Dial
from connector.domain.provider import Http, Outgoing, Source
from connector.domain.values import File, Receipt
from connector.errors import PermanentError
from connector.providers.megafon.api import decoded, old, rest
from connector.providers.megafon.settings import MegafonSettings
from connector.speech import Text

_NOT_A_CALL = Text("A PBX can only dial from here.", "Через АТС отсюда можно только звонить.")
_NO_LINK = Text(
    "The PBX gave no address of the recording; listen to it in the cabinet of the PBX.",
    "АТС не дала адреса записи; прослушайте её в кабинете АТС.",
)


def dial(outgoing: Outgoing, settings: MegafonSettings, http: Http) -> Receipt:
    """Order a call: the employee's telephone rings first. The receipt holds the ``callid`` of its events, if told."""
    command = outgoing.command
    if not isinstance(command, Dial):
        raise PermanentError("megafon.not_a_call", hint=_NOT_A_CALL)
    call = _call_id(_DIAL[settings.api](command, settings, http))
    return Receipt(ids=(call,) if call else ())


def recording(file: File, settings: MegafonSettings, http: Http) -> Source:
    """The address that came with the call; nobody is asked."""
    if not re.match(r"https?://", file.ref):
        raise PermanentError("megafon.no_link", hint=_NO_LINK)
    return Source(url=file.ref, name=file.name, mime=file.mime or "audio/mpeg")


def _rest(command: Dial, settings: MegafonSettings, http: Http) -> Any:
    told: dict[str, Any] = {"phone": command.phone.removeprefix("+"), "user": command.extension}
    told["show_phone"] = settings.show_phone
    if command.line:
        told["clid"] = command.line.removeprefix("+")
    return decoded(rest(http, settings, "POST", "makecall", told))


def _old(command: Dial, settings: MegafonSettings, http: Http) -> Any:
    told = {"phone": command.phone.removeprefix("+"), "user": command.extension}
    return _loose(old(http, settings, "makeCall", told))


def _loose(answer: requests.Response) -> Any:
    """The old way answers with an object, or only with the id of the call."""
    text = answer.text.strip()
    return text if re.fullmatch(r"[A-Za-z0-9@._-]{8,200}", text) else decoded(answer)


def _call_id(said: Any) -> str:
    if isinstance(said, dict):
        said = next((said[name] for name in ("callid", "uuid", "data") if said.get(name)), "")
    return said[:200] if isinstance(said, str) else ""


_DIAL: Mapping[str, Callable[[Dial, MegafonSettings, Http], Any]] = {"rest": _rest, "old": _old}
