"""Delivery reports and read receipts: what a server or a reader says about an earlier letter (§4.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from connector.letters.charsets import settled
from connector.letters.headers import Headers, decoded, every, first, ids, params, split
from connector.letters.parts import Part

_MOST, _LONGEST = 50, 1000
_ORIGINALS = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"})
_STATUSES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECEIPT = "message/disposition-notification"
REPORTS = _STATUSES | {_RECEIPT, "text/rfc822-headers", "message/rfc822-headers"}

_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_ID_LINE = re.compile(r"^[>\s]*Message-I[Dd]:\s*(<[^<>\n]+>)", re.MULTILINE)
_QMAIL = re.compile(r"^<([^<>\s]+@[^<>\s]+)>:\s*\n(.{1,500}?)(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
_OF_QMAIL = "qmail-send program"


def report(headers: Headers, leaves: Sequence[Part], text: str) -> dict[str, Any]:
    """The digest's ``report``: ``kind`` is ``delivery``, ``disposition`` or empty for any other letter."""
    original = _original(leaves, text)
    for leaf in leaves:
        if leaf.mime in _STATUSES:
            return _told("delivery", original, _deliveries(leaf))
        if leaf.mime == _RECEIPT:
            return _receipt(leaf, original)
    if params(first(headers, "content-type")).get("report-type", "").lower() == "delivery-status":
        return _told("delivery", original, [])
    failed = [each.strip() for value in every(headers, "x-failed-recipients") for each in value.split(",")]
    if any(failed):
        status = _STATUS.search(text)
        said = _said(text, failed[0])
        return _told("delivery", original, [_one(to, "failed", status[1] if status else "", said) for to in failed])
    if _OF_QMAIL in text[:2000]:
        return _told("delivery", original, [_of_qmail(found) for found in _QMAIL.finditer(text)])
    return _told("", "", [])


def _told(kind: str, original: str, recipients: list[dict[str, str]]) -> dict[str, Any]:
    return {"kind": kind, "original": original, "recipients": recipients[:_MOST]}


def _one(to: str, action: str, status: str, said: str) -> dict[str, str]:
    clean = " ".join(settled(said).split())[:_LONGEST]
    return {"to": decoded(to)[:254], "action": action, "status": status[:20], "said": clean}


def _original(leaves: Sequence[Part], text: str) -> str:
    for leaf in leaves:
        if leaf.mime in _ORIGINALS:
            head = split(leaf.data())[0]
            # Microsoft gives letters that leave by it ids of its own, and tells ours here.
            found = ids(first(head, name) for name in ("x-microsoft-original-message-id", "message-id"))
            if found:
                return found[0]
    line = _ID_LINE.search(text)
    return next(iter(ids([line[1]])), "") if line else ""


def _deliveries(leaf: Part) -> list[dict[str, str]]:
    out = []
    for block in re.split(rb"\r?\n[ \t]*\r?\n", leaf.data())[: _MOST * 2]:
        group = split(block + b"\n\n")[0]
        to = first(group, "final-recipient") or first(group, "original-recipient")
        if to:
            action = first(group, "action").split("(")[0].strip().lower()
            status = first(group, "status").split("(")[0].strip()
            out.append(_one(_typed(to), action, status, _typed(first(group, "diagnostic-code"))))
    return out


def _receipt(leaf: Part, original: str) -> dict[str, Any]:
    group = split(leaf.data())[0]
    about = next(iter(ids([first(group, "original-message-id")])), original)
    said = first(group, "disposition").rpartition(";")[2].strip().lower().split("/")[0]
    return _told("disposition", about, [_one(_typed(first(group, "final-recipient")), said, "", "")])


def _typed(value: str) -> str:
    return value.partition(";")[2].strip() if ";" in value else value.strip()


def _said(text: str, to: str) -> str:
    at = text.find(to)
    return text[at : at + 500] if at >= 0 else text[:500]


def _of_qmail(found: re.Match[str]) -> dict[str, str]:
    status = _STATUS.search(found[2])
    return _one(found[1], "failed", status[1] if status else "", found[2])
