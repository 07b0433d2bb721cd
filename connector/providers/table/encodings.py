"""In which encoding a file is written."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from connector.providers.table.formats import Damaged
from connector.speech import Text

CHUNK = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BEYOND, _SPOILT = re.compile("[^\\x00-\\x7f]+"), re.compile("[\\udc80-\\udcff]+")
_FEW = 50  # one spoilt byte among so many letters is a spoilt byte, not another encoding

_CUT = Text("it ends in the middle of a letter", "он обрывается на середине буквы")


def encoding_of(path: Path, said: str) -> str:
    """By the mark at the beginning, else ``said``, else UTF-8 if the whole file is that, else cp1251 (as Russian
    Windows writes). Some spoilt bytes in UTF-8 do not make it cp1251. Raises ``Damaged`` for a letter that is cut.
    """
    with path.open("rb") as file:
        first = file.read(4)
    for mark, name in _BOMS:
        if first.startswith(mark):
            return name
    return said or _guessed(path)


def _guessed(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            more, worse = _counted(decoder.decode(chunk))
            good, bad = good + more, bad + worse
    if decoder.getstate()[0] and good and not bad:
        raise Damaged(_CUT)
    return "utf-8" if bad == 0 or good > bad * _FEW else "cp1251"


def _counted(text: str) -> tuple[int, int]:
    """(letters of more than one byte, bytes that are none of UTF-8)."""
    if text.isascii():
        return 0, 0
    plain, sound = len(_BEYOND.sub("", text)), len(_SPOILT.sub("", text))
    return sound - plain, len(text) - sound
