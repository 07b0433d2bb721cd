"""One recording: where it lies, whether it is whole, and whether Bitrix24 will take it (facts §1.5)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from pydantic import SecretStr

from connector.domain.provider import Source
from connector.errors import PermanentError
from connector.recordings import folder
from connector.recordings.audio import checked
from connector.recordings.waiting import NotReady, verdict
from connector.speech import Text

Brought = tuple[str, str, Iterator[bytes]]
Web = Callable[[Source, int], Brought]
Pause = Callable[[float], None]

_SCHEME = Text(
    "A recording cannot be brought by {scheme}; the PBX must offer it over http(s), by SFTP or in a folder",
    "Запись нельзя получить по {scheme}; АТС должна отдавать её по http(s), SFTP или класть в папку",
)
_NO_PLACE = Text(
    "The recording lies on the PBX, but the account does not say where: give it `recordings:` with their `url`",
    "Запись лежит на АТС, но в аккаунте не сказано где: добавьте ему `recordings:` с их `url`",
)


@runtime_checkable
class Place(Protocol):
    """Where an account's recordings lie, by its settings.

    ``url`` is ``sftp://user@host[:port]/folder``, ``file:///folder`` or an http(s) address. ``key`` is the path of a
    private key on this machine (``password`` then opens the key), ``host_key`` the server's: a fingerprint as
    ``ssh-keygen -l`` shows it, or lines of ``known_hosts``.
    """

    @property
    def url(self) -> str: ...

    @property
    def password(self) -> SecretStr | None: ...

    @property
    def key(self) -> str: ...

    @property
    def host_key(self) -> str: ...


def bring(
    source: Source,
    place: Place | None,
    *,
    web: Web,
    limit: int,
    late: float = 0.0,
    pause: Pause = time.sleep,
) -> Brought:
    """Open a recording; returns (MIME, name with ``.wav`` or ``.mp3``, chunks to be read to the end or closed).

    ``web`` opens an http(s) source within ``limit`` bytes. ``late`` are the seconds since the PBX told of it: what is
    not there, empty or still being written will come in the first hours (``TransientError``), and later it will not
    (``PermanentError``). ``pause`` waits between two looks at a file that may be growing. Errors may also be raised
    while the chunks are read; none of them tells an address or a password.
    """
    scheme = urlsplit(source.url).scheme
    way = _WAYS.get(scheme)
    if way is None:
        raise PermanentError("recording.scheme", hint=_SCHEME.with_(scheme=scheme[:20] or "?"))
    try:
        name, chunks = way(source, place, web, limit, pause)
        mime, named, whole = checked(source.name or name, chunks)
    except NotReady as waits:
        raise verdict(waits, late) from None
    return mime, named, _watched(whole, late)


def _watched(chunks: Iterator[bytes], late: float) -> Iterator[bytes]:
    """What shows itself at the end only: the file grew under our hands."""
    try:
        yield from chunks
    except NotReady as waits:
        raise verdict(waits, late) from None


def _by_web(source: Source, place: Place | None, web: Web, limit: int, pause: Pause) -> tuple[str, Iterator[bytes]]:
    try:
        _, name, chunks = web(source, limit)
    except PermanentError as error:
        if error.cause == "media.gone":
            raise NotReady("recording.not_there") from None
        raise
    return name, chunks


def _by_sftp(source: Source, place: Place | None, web: Web, limit: int, pause: Pause) -> tuple[str, Iterator[bytes]]:
    from connector.recordings import sftp  # loads slowly, and few PBXs need it

    return sftp.opened(source.url, _known(place, "sftp"), limit=limit, pause=pause)


def _by_folder(source: Source, place: Place | None, web: Web, limit: int, pause: Pause) -> tuple[str, Iterator[bytes]]:
    return folder.opened(source.url, _known(place, "file").url, limit=limit, pause=pause)


def _known(place: Place | None, scheme: str) -> Place:
    if place is None or urlsplit(place.url).scheme != scheme:
        raise PermanentError("recording.no_place", hint=_NO_PLACE)
    return place


_WAYS: Mapping[str, Callable[[Source, Place | None, Web, int, Pause], tuple[str, Iterator[bytes]]]] = {
    "http": _by_web,
    "https": _by_web,
    "sftp": _by_sftp,
    "file": _by_folder,
}
