"""DNs, which are written in many ways and mean the same (RFC 4514)."""

from __future__ import annotations

import re
import unicodedata

_PLAIN = re.compile(r'[^\\"+#]*')
_AROUND = re.compile(r"\s*([,=])\s*")
_SPACES = re.compile(r"\s+")
_UID_PART = re.compile(r"#'[01]*'B$")  # uniqueMember may end with a bit string (RFC 4517 §3.3.21)
_HEX = re.compile(r"[0-9a-fA-F]{2}")
_SPECIAL = frozenset(',=+<>#;\\"')


def key_of(dn: str) -> str:
    """One key for all ways to write a DN: case, spaces, escapes, the order of a name's several parts."""
    dn = _UID_PART.sub("", dn)
    if _PLAIN.fullmatch(dn):
        return _SPACES.sub(" ", _AROUND.sub(r"\1", _folded(dn)))
    return ",".join("+".join(sorted(_part(part) for part in _cut(name, "+"))) for name in _cut(dn, ","))


def first_value(dn: str) -> str:
    """The value of the first name: ``Sales, North`` of ``cn=Sales\\, North,ou=Groups,dc=acme,dc=ru``."""
    leading = _cut(_cut(dn, ",")[0], "+")[0]
    return _plain(leading.partition("=")[2])


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _part(text: str) -> str:
    name, _, value = text.partition("=")
    inner = _SPACES.sub(" ", _folded(_plain(value)))
    return f"{_folded(name)}={''.join(f'%{ord(sign):02x}' if sign in _SPECIAL else sign for sign in inner)}"


def _cut(text: str, sign: str) -> list[str]:
    parts, begun, at, quoted = [], 0, 0, False
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        elif text[at] == sign and not quoted:
            parts.append(text[begun:at])
            begun = at + 1
        at += 1
    return [*parts, text[begun:]]


def _plain(value: str) -> str:
    """Without escapes (``\\,``, ``\\2C``, ``\\D0\\96``) and quotes (of RFC 2253)."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    told, at = bytearray(), 0
    while at < len(value):
        if value[at] == "\\" and _HEX.match(value, at + 1):
            told.append(int(value[at + 1 : at + 3], 16))
            at += 3
            continue
        at += value[at] == "\\"
        told += value[at : at + 1].encode()
        at += 1
    return told.decode("utf-8", "replace")
