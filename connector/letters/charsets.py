"""Bytes of unsure charset into text that JSON and databases take (facts/providers.md §4.3)."""

from __future__ import annotations

import codecs
import re

# Python's own codecs that are no charsets of letters; punycode is quadratic besides.
_STRANGE = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
# Senders name the narrow charset and write the wide one.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932"}
_MENDED = dict.fromkeys(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"), "replace")
_WESTERN = frozenset({"iso8859-1", "iso8859-15", "cp1252"})
_UNFIT = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_FEW = 8  # at most one broken letter of UTF-8 in so many


def text_of(data: bytes, declared: str = "") -> str:
    """``data`` by the declared charset, else UTF-8, cp1251 or koi8-r (whichever reads), else latin-1. Never raises."""
    return settled(_strict(data, declared) or _guessed(data))


def settled(text: str) -> str:
    """``text`` without NULs and lone surrogates, which neither JSON nor PostgreSQL takes."""
    return _UNFIT.sub("\ufffd", text.replace("\0", ""))


def one_line(text: str) -> str:
    """``text`` with no control or direction signs in it: what a header of ours or a title may carry."""
    return " ".join(_CONTROL.sub(" ", settled(text)).split())


def _strict(data: bytes, charset: str) -> str:
    told = charset.strip().strip("\"'").lower()
    for each in dict.fromkeys((told, told.removeprefix("x-"))):
        try:
            name = codecs.lookup(each).name
            text = "" if name in _STRANGE else data.decode(_WIDER.get(name, name), _MENDED.get(name, "strict"))
        except (LookupError, ValueError):
            continue
        return "" if name in _WESTERN and _is_mistaken(text) else text
    return ""


def _is_mistaken(text: str) -> bool:
    """Whether Russian was taken for a western language: no other has more letters with accents than without."""
    accented = sum(1 for char in text if "\xc0" <= char <= "\xff")
    return accented > sum(1 for char in text if char.isascii() and char.isalpha())


def _guessed(data: bytes) -> str:
    lenient = data.decode("utf-8", errors="replace")
    broken = lenient.count("\ufffd")
    if broken * _FEW <= sum(1 for char in lenient if char > "\x7f"):
        return lenient
    windows, koi8 = _strict(data, "cp1251"), data.decode("koi8-r")
    if not windows:
        return koi8 if _readable(koi8) else data.decode("latin-1")
    return koi8 if not _readable(windows) and _readable(koi8) else windows


def _readable(text: str) -> bool:
    """Russian that was decoded by the wrong one of the two charsets has its capitals turned about."""
    lower = sum(1 for char in text if "а" <= char <= "я")
    return lower > sum(1 for char in text if "А" <= char <= "Я")
