"""Placing calls and finding recordings at Beeline Cloud PBX (facts/providers.md §3.5)."""

from __future__ import annotations

import re
from urllib.parse import quote

from connector.domain.effects import Dial
from connector.domain.provider import Http, Outgoing, Source
from connector.domain.values import File, Receipt
from connector.errors import PermanentError, TransientError
from connector.providers.beeline.api import ask, authorization
from connector.providers.beeline.settings import BeelineSettings
from connector.speech import Text

NOT_READY = 60.0

_NO_EXTENSION = Text(
    "Beeline has no employee {extension}: correct employees of the account, or your internal number in Bitrix24.",
    "В Билайне нет сотрудника {extension}: исправьте employees аккаунта или свой внутренний номер в Битрикс24.",
)
_REFUSED = Text(
    "Beeline did not place the call: see that your telephone is on and the number is right.",
    "Билайн не начал звонок: проверьте, что ваш телефон включён, а номер верен.",
)
_NOT_READY = Text(
    "Beeline does not have the recording yet; it is asked again.", "У Билайна ещё нет записи; спросим позже."
)
_NO_RECORDING = Text("This is no recording of Beeline.", "Это не запись Билайна.")


def dial(outgoing: Outgoing, settings: BeelineSettings, http: Http) -> Receipt:
    """Ring at the employee, then at the client. The receipt bears extTrackingId, which Beeline answers as bare text."""
    command = outgoing.command
    assert isinstance(command, Dial)
    user = quote(settings.user(command.extension), safe="")
    try:
        said = ask(http, settings, "POST", f"abonents/{user}/call", params={"phoneNumber": national(command.phone)})
    except PermanentError as error:
        missing = error.cause == "beeline.missing"
        hint = _NO_EXTENSION.with_(extension=command.extension[:20]) if missing else _REFUSED
        cause = "beeline.no_extension" if missing else "beeline.refused"
        raise PermanentError(cause, hint=hint, detail=error.detail) from None
    told = said.get("extTrackingId") or said.get("externalTrackingId") if isinstance(said, dict) else said
    usable = isinstance(told, str) and re.fullmatch(r"[!-~]{1,200}", told) and not told.startswith("<")
    return Receipt(ids=(str(told),)) if usable else Receipt()


def national(phone: str) -> str:
    """E.164 as Beeline dials it: ten digits inside Russia, the whole number elsewhere."""
    digits = re.sub(r"\D", "", phone)
    return digits[1:] if len(digits) == 11 and digits.startswith("7") else digits


def recording(file: File, settings: BeelineSettings, http: Http) -> Source:
    """The download of ``<extTrackingId>/<userId>`` or ``<record id>``; ``TransientError`` while it is not there."""
    if not re.fullmatch(r"[^/\s]{1,200}(/[^/\s]{1,200})?", file.ref):
        raise PermanentError("beeline.recording", hint=_NO_RECORDING)
    path = "v2/records/" + "/".join(quote(part, safe="") for part in file.ref.split("/"))
    try:
        ask(http, settings, "GET", path)
    except PermanentError as error:
        if error.cause != "beeline.missing":
            raise
        raise TransientError("beeline.not_ready", hint=_NOT_READY, detail=error.detail, retry_after=NOT_READY) from None
    url = f"{settings.api_url.rstrip('/')}/{path}/download"
    return Source(url=url, headers=authorization(settings), name="recording.mp3", mime="audio/mpeg")
