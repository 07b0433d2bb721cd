"""What files in a folder and on a server share: below one place only, within the limit, and no longer growing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from connector.errors import PermanentError
from connector.recordings.waiting import NotReady
from connector.speech import Text

CHUNK = 65536
PAUSE = 2.0  # seconds between two looks at the size; Asterisk writes every quarter of a second

OUTSIDE = Text(
    "The PBX named a recording outside the folder of its recordings, and it is not opened. If they lie elsewhere, "
    "correct `recordings.url` of the account and replay",
    "АТС назвала запись вне папки записей, она не открыта. Если записи лежат в другом месте, исправьте "
    "`recordings.url` аккаунта и повторите доставку",
)
DENIED = Text(
    "The recording may not be read: give the user of the connector (for SFTP the one in `recordings.url`) the right to "
    "read the folder of recordings, then replay",
    "Прав на чтение записи нет: дайте пользователю коннектора (для SFTP — пользователю из `recordings.url`) право "
    "читать папку записей и повторите доставку",
)
_TOO_LARGE = Text(
    "The recording is larger than {limit} MiB; raise limits.media in connector.yaml and replay, or attach it by hand",
    "Запись больше {limit} МиБ; увеличьте limits.media в connector.yaml и повторите доставку либо прикрепите её "
    "вручную",
)


class Opened(Protocol):
    """A file that is open for reading."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def place_of(url: str) -> tuple[SplitResult, str]:
    """The parts of a URL and its path, decoded. Raises ``PermanentError`` for what is not one."""
    try:
        parts = urlsplit(url)
        _ = parts.port
        path = unquote(parts.path, errors="strict")
    except ValueError:
        raise PermanentError("recording.outside", hint=OUTSIDE) from None
    if "\x00" in path or not path.startswith("/"):
        raise PermanentError("recording.outside", hint=OUTSIDE)
    return parts, path


def settled(size: Callable[[], int], limit: int, pause: Callable[[float], None]) -> int:
    """The size of a file that is whole. Raises ``NotReady``, ``PermanentError`` over ``limit`` bytes."""
    before = size()
    if before > limit:
        raise PermanentError("recording.too_large", hint=_TOO_LARGE.with_(limit=limit // 2**20))
    if not before:
        raise NotReady("recording.empty")
    pause(PAUSE)
    if size() != before:
        raise NotReady("recording.growing")
    return before


def chunks_of(file: Opened, size: int, done: Callable[[], None]) -> Iterator[bytes]:
    """All bytes; ``done`` is called at the end, come what may. Raises ``NotReady`` when there are more or fewer."""
    read = 0
    try:
        while chunk := file.read(CHUNK):
            read += len(chunk)
            if read > size:
                raise NotReady("recording.growing")
            yield chunk
        if read != size:
            raise NotReady("recording.growing")
    finally:
        done()
