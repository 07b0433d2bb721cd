"""Lines of a head that we write: ASCII, folded, and nothing of what stands in them can begin a line of its own.

The standard library's own folding encodes separators of long address lists (CVE-2025-1795), so structured lines are
put together here of words that are each encoded whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.header import Header

from connector.letters.charsets import one_line

LONGEST_ID = 900  # characters: with brackets and a blank it stays under the 998 of a line (RFC 5322 §2.1.1)
_PLAIN = re.compile(r"[ -<>-~]*")  # no equals sign, so nothing of it reads as an encoded word
_ATOMS = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")
_ID = re.compile(r"[!-;=?-~]+")
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]\\@\x00-\x1f\x7f-\x9f\ud800-\udfff]+@[^\s<>,;:\"()\[\]\\@\x00-\x1f\x7f-\x9f]+")
_SHORT = 60


def words(text: str, name: str = "") -> str:
    """``text`` as what stands after ``name:``; what is not short and plain becomes encoded words (RFC 2047)."""
    text = one_line(text)
    return text if len(text) <= _SHORT and _PLAIN.fullmatch(text) else _encoded(text, name)


def sender(name: str, address: str, header: str = "") -> str:
    """``Name <address>``; a name of other than plain words is encoded."""
    name = one_line(name)[:100].strip()
    if not name:
        return address
    shown = name if _ATOMS.fullmatch(name) and "=?" not in name else _encoded(name, header)
    return f"{shown}\r\n <{address}>" if "\n" in shown or len(shown) + len(address) > _SHORT else f"{shown} <{address}>"


def listed(addresses: Iterable[str]) -> str:
    """Addresses, a line each."""
    return ",\r\n ".join(addresses)


def ids(message_ids: Iterable[str]) -> str:
    """``<id>`` of those that a line may carry, a line each; broken ones (§4.3) are left out."""
    fit = (each for each in message_ids if len(each) <= LONGEST_ID and _ID.fullmatch(each))
    return "\r\n ".join(f"<{each}>" for each in dict.fromkeys(fit))


def address(told: str) -> str:
    """``told`` as an envelope and a head carry it, its domain by the rules of IDNA; empty when it is none.

    What is left of ``@`` may still be other than ASCII: then the letter needs SMTPUTF8 (RFC 6531).
    """
    told = told.strip()
    if len(told) > 254 or not _ADDRESS.fullmatch(told):
        return ""
    local, _, domain = told.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return f"{local}@{ascii_domain}"


def _encoded(text: str, name: str) -> str:
    return Header(text, "utf-8", header_name=name, maxlinelen=75).encode(linesep="\r\n")
