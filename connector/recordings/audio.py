"""What Bitrix24 takes as a recording: wav and mp3, told by their content (facts/bitrix24-telephony-crm.md §1.5)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from connector.errors import PermanentError
from connector.recordings.waiting import NotReady
from connector.speech import Text

_NEEDED = 12  # bytes that tell the kind
_BARE = 44  # the header of a WAV without a sample: what a PBX leaves when nobody spoke
_MPEG_LAYER_3 = frozenset({0xFA, 0xFB, 0xF2, 0xF3, 0xE2, 0xE3})  # after 0xFF: MPEG 1, 2, 2.5, layer III
_KINDS = ((b"OggS", "Ogg"), (b"ID3", "MP3"), (b"fLaC", "FLAC"), (b"#!AMR", "AMR"), (b"\x1aE\xdf\xa3", "WebM"))

_WRONG = Text(
    "Bitrix24 takes recordings as wav or mp3, and this one is {kind}. Set the recording format of the PBX to wav or "
    "mp3 (Asterisk: a name that ends with .wav in MixMonitor), convert this file and attach it by hand, or discard",
    "Битрикс24 принимает записи в wav или mp3, а это {kind}. Задайте на АТС формат записи wav или mp3 (Asterisk: имя с "
    "окончанием .wav в MixMonitor); этот файл преобразуйте и прикрепите вручную либо отбросьте доставку",
)


def checked(name: str, chunks: Iterator[bytes]) -> tuple[str, str, Iterator[bytes]]:
    """(MIME, name with its extension in lower case, all chunks) of a recording.

    Raises ``NotReady`` for an empty one and ``PermanentError`` ``recording.type`` for what Bitrix24 never takes; the
    chunks are closed then.
    """
    head = b""
    try:
        for chunk in chunks:
            head += chunk
            if len(head) > _BARE:
                break
        if len(head) <= (_BARE if head[:4] == b"RIFF" else 0):
            raise NotReady("recording.empty")
        mime, extension = _told(head)
    except BaseException:
        _close(chunks)
        raise
    return mime, _named(name, extension), chain((head,), chunks)


def _told(head: bytes) -> tuple[str, str]:
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav", "wav"
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] in _MPEG_LAYER_3):
        return "audio/mpeg", "mp3"
    raise PermanentError("recording.type", hint=_WRONG.with_(kind=_kind(head)))


def _kind(head: bytes) -> Text:
    known = next((kind for mark, kind in _KINDS if head.startswith(mark)), "")
    if known:
        return Text(known, known)
    text = head[:1] in b"<{[" and not any(byte < 9 for byte in head[:_NEEDED])
    return Text("a text, not sound", "текст, а не звук") if text else Text("something else", "что-то другое")


def _named(name: str, extension: str) -> str:
    stem, dot, last = name.rpartition(".")
    known = dot and last.lower() in ("wav", "wav49", "mp3", "mpeg", "mpga", "wave")
    return f"{(stem if known else name) or 'recording'}.{extension}"


def _close(chunks: Iterator[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
