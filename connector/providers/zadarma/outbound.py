"""Dialling, and where a recording lies (facts/providers.md §3.3)."""

from __future__ import annotations

from urllib.parse import urlsplit

from connector.domain.effects import Dial
from connector.domain.provider import Http, Outgoing, Source
from connector.domain.values import File, Receipt
from connector.errors import PermanentError, TransientError
from connector.providers.zadarma.api import call
from connector.providers.zadarma.settings import ZadarmaSettings
from connector.speech import Text

NOT_READY = 60.0
_VENDOR = ("zadarma.com", "novofon.com", "novofon.ru")
#: Verdicts about the account; any other refusal of a recording means that it is not there yet.
_FOR_GOOD = frozenset({"zadarma.auth", "zadarma.no_money"})

_LATER = Text(
    "Zadarma has not put the recording away yet; it is asked for again in a minute.",
    "Zadarma ещё не сохранила запись; запрос повторится через минуту.",
)
_STRANGE = Text(
    "Zadarma points to another place than its own for the recording; it is not fetched. Tell your administrator.",
    "Zadarma указывает для записи чужой адрес; она не скачана. Сообщите администратору.",
)
_NOT_A_CALL = Text("Zadarma can only dial from here.", "Через Zadarma отсюда можно только звонить.")


def dial(outgoing: Outgoing, settings: ZadarmaSettings, http: Http) -> Receipt:
    """Order a call: the employee's telephone rings first. Zadarma tells no id of it, so the receipt is empty."""
    command = outgoing.command
    if not isinstance(command, Dial):
        raise PermanentError("zadarma.not_a_call", hint=_NOT_A_CALL)
    told = {"from": command.extension, "to": command.phone.removeprefix("+")}
    call(http, settings, "/v1/request/callback/", told)
    return Receipt()


def recording(file: File, settings: ZadarmaSettings, http: Http) -> Source:
    """An address of the recording that is good for half an hour.

    Raises ``TransientError`` (``retry_after`` 60) while it is not there: it comes up about 40 seconds after the call.
    """
    name = "pbx_call_id" if file.ref.startswith(("in_", "out_")) else "call_id"
    try:
        said = call(http, settings, "/v1/pbx/record/request/", {name: file.ref})
    except PermanentError as refused:
        if refused.cause in _FOR_GOOD:
            raise
        raise _later(refused.detail) from None
    links = said.get("links")
    link = said.get("link") or (links[0] if isinstance(links, list) and links else "")
    if not isinstance(link, str) or not link:
        raise _later("no link")
    if not _of_zadarma(link, settings):
        raise PermanentError("zadarma.strange_address", hint=_STRANGE, detail=link.partition("?")[0][:80])
    return Source(url=link, name=file.name, mime=file.mime or "audio/mpeg")


def _later(detail: str) -> TransientError:
    return TransientError("zadarma.not_ready", hint=_LATER, detail=detail, retry_after=NOT_READY)


def _of_zadarma(address: str, settings: ZadarmaSettings) -> bool:
    try:
        parts, own = urlsplit(address), urlsplit(settings.api_url)
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    if host and host == (own.hostname or "").lower():
        return parts.scheme == own.scheme
    return parts.scheme == "https" and any(host == known or host.endswith(f".{known}") for known in _VENDOR)
