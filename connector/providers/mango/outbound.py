"""Dialling, and where a recording lies (facts/providers.md §3.2, Commands)."""

from __future__ import annotations

from urllib.parse import urlsplit

from connector.domain.effects import Dial
from connector.domain.provider import Http, Outgoing, Source
from connector.domain.values import File, Receipt
from connector.errors import PermanentError, TransientError
from connector.providers.mango.api import call, post
from connector.providers.mango.settings import MangoSettings
from connector.speech import Text

NOT_READY = 60.0
_VENDOR = ("mango-office.ru", "mangotele.com")

_LATER = Text(
    "Mango Office has not put the recording away yet; it is asked for again in a minute.",
    "Mango Office ещё не сохранил запись; запрос повторится через минуту.",
)
_STRANGE = Text(
    "Mango Office points to another place than its own for the recording; it is not fetched. Tell your administrator.",
    "Mango Office указывает для записи чужой адрес; она не скачана. Сообщите администратору.",
)
_NOT_A_CALL = Text("Mango Office can only dial from here.", "Через Mango Office отсюда можно только звонить.")


def dial(outgoing: Outgoing, settings: MangoSettings, http: Http) -> Receipt:
    """Order a call: the employee's telephone rings first. Mango tells its id of the call only in its events, which bear
    our ``command_id``; so the receipt is empty.
    """
    command = outgoing.command
    if not isinstance(command, Dial):
        raise PermanentError("mango.not_a_call", hint=_NOT_A_CALL)
    told = {
        "command_id": command.call,
        "from": {"extension": command.extension},
        "to_number": command.phone.removeprefix("+"),
    }
    if command.line:
        told["line_number"] = command.line.removeprefix("+")
    call(http, settings, "commands/callback", told)
    return Receipt()


def recording(file: File, settings: MangoSettings, http: Http) -> Source:
    """A one-time address of the recording: fetch it once, ask again for another try.

    Raises ``TransientError`` (``retry_after`` 60) while the recording is not there yet.
    """
    answer = post(http, settings, "queries/recording/post", {"recording_id": file.ref, "action": "download"})
    address = answer.headers.get("location", "")
    if not 300 <= answer.status_code < 400 or not address:
        raise TransientError("mango.not_ready", hint=_LATER, detail=str(answer.status_code), retry_after=NOT_READY)
    if not _of_mango(address, settings):
        raise PermanentError("mango.strange_address", hint=_STRANGE, detail=address.partition("?")[0][:80])
    return Source(url=address, name=file.name, mime=file.mime or "audio/mpeg")


def _of_mango(address: str, settings: MangoSettings) -> bool:
    try:
        parts, own = urlsplit(address), urlsplit(settings.api_url)
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    if host and host == (own.hostname or "").lower():
        return parts.scheme == own.scheme
    return parts.scheme == "https" and any(host == known or host.endswith(f".{known}") for known in _VENDOR)
