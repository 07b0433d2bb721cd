"""A folder that is mounted here, or that the PBX on this very machine writes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from connector.errors import PermanentError, TransientError
from connector.recordings.looking import DENIED, OUTSIDE, chunks_of, place_of, settled
from connector.recordings.waiting import AGAIN, NotReady
from connector.speech import Text

_NO_FOLDER = Text(
    "The folder of recordings is not there: mount it, or correct `recordings.url` of the account; it is tried again",
    "Папки записей нет: подключите её или исправьте `recordings.url` аккаунта; попытка повторится сама",
)


def opened(url: str, root_url: str, *, limit: int, pause: Callable[[float], None]) -> tuple[str, Iterator[bytes]]:
    """(name, chunks) of the file at ``url``, which must lie below ``root_url`` once links are followed.

    Raises ``NotReady``, ``TransientError`` while the folder itself is away, ``PermanentError`` otherwise.
    """
    (_, wanted), (_, top) = place_of(url), place_of(root_url)
    root = Path(top).resolve()
    if not root.is_dir():
        raise TransientError("recording.no_folder", hint=_NO_FOLDER, retry_after=AGAIN)
    real = Path(wanted).resolve()
    if not real.is_relative_to(root):
        raise PermanentError("recording.outside", hint=OUTSIDE)
    file = _open(real)
    try:
        size = settled(lambda: os.fstat(file.fileno()).st_size, limit, pause)
    except BaseException:
        file.close()
        raise
    return Path(wanted).name, chunks_of(file, size, file.close)


def _open(path: Path) -> BinaryIO:
    """The links were followed before; a pipe or a device is not waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        raise NotReady("recording.not_there") from None
    except PermissionError:
        raise PermanentError("recording.denied", hint=DENIED) from None
    except OSError as error:
        raise TransientError("recording.no_folder", hint=_NO_FOLDER, detail=type(error).__name__) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise PermanentError("recording.outside", hint=OUTSIDE, detail="not a file")
    return os.fdopen(handle, "rb")
