"""What the machine refuses of files, in words."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from types import MappingProxyType

from connector.speech import Text

_DENIED = (
    Text("{path}: this user may not read or write it", "{path}: этому пользователю нельзя это читать или писать"),
    Text(
        "Go to a folder of this user (cd), or give them the right to it (chown, chmod); then run it again",
        "Перейдите в папку этого пользователя (cd) или дайте ему права на неё (chown, chmod) и запустите снова",
    ),
)
_READ_ONLY = (
    Text("{path}: this disk can only be read", "{path}: этот диск доступен только для чтения"),
    Text("Go to a folder on a disk that can be written (cd)", "Перейдите в папку на диске, куда можно писать (cd)"),
)
_FULL = (
    Text("{path}: the disk is full", "{path}: на диске кончилось место"),
    Text("Make room and run it again", "Освободите место и запустите снова"),
)
_ABSENT = (
    Text("{path}: there is no such file or folder", "{path}: нет такого файла или папки"),
    Text(
        "Look at the spelling, at CONNECTOR_CONFIG and at the folder you are in",
        "Проверьте написание, CONNECTOR_CONFIG и то, в какой вы папке",
    ),
)
_TROUBLES: Mapping[int, tuple[Text, Text]] = MappingProxyType(
    {
        errno.EACCES: _DENIED,
        errno.EPERM: _DENIED,
        errno.EROFS: _READ_ONLY,
        errno.ENOSPC: _FULL,
        errno.EDQUOT: _FULL,
        errno.ENOENT: _ABSENT,
        errno.ENOTDIR: _ABSENT,
    }
)


def trouble(error: BaseException) -> tuple[Text, Text] | None:
    """What is wrong with which file, and what to do; ``None`` when that is not what went wrong."""
    if not isinstance(error, OSError) or not error.filename or (error.errno or 0) not in _TROUBLES:
        return None
    said, hint = _TROUBLES[error.errno or 0]
    return said.with_(path=error.filename), hint
