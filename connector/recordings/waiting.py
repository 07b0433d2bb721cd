"""A recording that is not ready: for hours it may still come, after that it will not."""

from __future__ import annotations

from collections.abc import Mapping

from connector.errors import ConnectorError, PermanentError, TransientError
from connector.speech import Text

HOURS = 6.0  # in which a PBX mixes, converts and moves what it recorded
AGAIN = 60.0  # seconds until the next look; the pauses grow by themselves

_COMING = Text(
    "The recording is not ready at the PBX yet; it is looked for again by itself",
    "Запись на АТС ещё не готова; её поищут снова автоматически",
)
_LOST: Mapping[str, Text] = {
    "recording.not_there": Text(
        "The PBX told of a recording that did not appear for hours. Look whether it records calls and where it puts "
        "them (`recordings:` of the account), then replay; discard if there was nothing to record",
        "АТС сообщила о записи, но за несколько часов она не появилась. Проверьте, что АТС пишет звонки и куда "
        "(`recordings:` аккаунта), и повторите доставку; отбросьте её, если записывать было нечего",
    ),
    "recording.empty": Text(
        "The recording is an empty file: the PBX wrote no sound. Look at the recording and the disk of the PBX; "
        "discard this delivery",
        "Запись — пустой файл: АТС не записала звук. Проверьте запись и диск АТС; отбросьте эту доставку",
    ),
    "recording.growing": Text(
        "The recording has been growing for hours: something at the PBX never stops writing it. End that there, then "
        "replay",
        "Запись растёт уже несколько часов: на АТС её продолжают писать. Остановите это там и повторите доставку",
    ),
}


class NotReady(Exception):
    """It is not there, empty, or still being written; ``cause`` tells which."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


def verdict(waits: NotReady, late: float) -> ConnectorError:
    """What that means ``late`` seconds after the PBX told of the recording."""
    if late < HOURS * 3600:
        return TransientError(waits.cause, hint=_COMING, retry_after=AGAIN)
    return PermanentError(waits.cause, hint=_LOST[waits.cause])
