"""Recordings and transcripts of finished calls (facts/bitrix24-telephony-crm.md §1.5).

``telephony.externalCall.attachRecord`` takes a web address, base64, or hands out an address for ``upload``.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import requests
from flask import request

from connector.sandbox.answers import Params, whole
from connector.sandbox.calls import PhoneCall, Transcript, amount, core_error
from connector.sandbox.downloads import MAX_BYTES, USER_AGENT
from connector.sandbox.methods import Call, Method

FIELD = "file"
MIMES: Mapping[str, str] = MappingProxyType({"wav": "audio/wav", "mp3": "audio/mpeg"})
SIDES = frozenset({"Client", "User"})
UNFINISHED = "Call is not found in the statistic table. Looks like it is not finished yet."


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """What came from a web address or as a part of a form; ``status`` 0 when nobody answered."""

    status: int
    content: bytes = b""
    name: str = ""
    mime: str = ""


def download(call: Call, params: Params) -> Arrived | None:
    """Fetch RECORD_URL, which the portal does inside the caller's request; None when there is none."""
    url = params.get("RECORD_URL")
    if not isinstance(url, str) or not url:
        return None
    try:
        with requests.Session() as http:
            http.trust_env = False
            headers, wait = {"User-Agent": USER_AGENT}, call.portal.config.download_timeout
            # The portal does not check certificates here (§1.5).
            with http.get(url, headers=headers, timeout=wait, stream=True, verify=False) as answer:
                return Arrived(status=answer.status_code, content=answer.raw.read(MAX_BYTES, decode_content=True))
    except (requests.RequestException, ValueError):
        return Arrived(status=0)


def attach(call: Call, params: Params) -> dict[str, Any]:
    """Attach a recording: RECORD_URL wins over FILE_CONTENT; with FILENAME alone an address to upload to."""
    name = params.get("FILENAME")
    if call.prepared is None and name is None:
        text = "Required parameters are not set. Request should contain or URL or FILENAME parameter"
        raise core_error(text)
    held = _finished(call, params)
    if call.prepared is not None:
        arrived: Arrived = call.prepared
        if not arrived.status:
            raise core_error("Server is not available")
        if arrived.status != 200:
            raise core_error(f"Server returns HTTP error code {arrived.status}")
        return _keep(call, held, str(name or ""), arrived.content, str(params["RECORD_URL"]))
    if params.get("FILE_CONTENT") is None:
        return {"uploadUrl": _upload_url(call, held), "fieldName": FIELD}
    return _keep(call, held, str(name), _decoded(params["FILE_CONTENT"]))


def keep_downloaded(call: Call, held: PhoneCall, params: Params) -> None:
    """RECORD_URL of ``finish``: what could not be had or kept is silently left out."""
    arrived: Arrived = call.prepared
    name = str(params["RECORD_URL"]).partition("?")[0].rpartition("/")[2]
    if arrived.status == 200 and _extension(name) and _sounds(arrived.content):
        _keep(call, held, name, arrived.content, str(params["RECORD_URL"]))


def upload(call: Call, params: Params) -> dict[str, int]:
    """``POST /rest/upload.json``: part ``file`` of a form, for the call that the ``token`` was given for."""
    exchange = call.portal.exchange
    held = exchange.done(exchange.uploads.get(request.args.get("token", ""), ""))
    if held is None:
        raise core_error("Wrong token")
    if call.prepared is None:
        raise core_error(f"Error: required parameter {FIELD} is not found")
    arrived: Arrived = call.prepared
    return _keep(call, held, arrived.name, arrived.content, mime=arrived.mime)


def _received(call: Call, params: Params) -> Arrived | None:
    part = request.files.get(FIELD)
    if part is None:
        return None
    return Arrived(status=200, content=part.read(), name=part.filename or "", mime=part.mimetype)


def _finished(call: Call, params: Params) -> PhoneCall:
    held = call.portal.exchange.done(str(params.get("CALL_ID") or ""))
    if held is None:
        raise core_error(UNFINISHED)
    return held


def _upload_url(call: Call, held: PhoneCall) -> str:
    token = f"telephony|{secrets.token_urlsafe(24)}"
    call.portal.exchange.uploads[token] = held.call_id
    query = f"token={token.replace('|', '%7C')}"
    config, base = call.portal.config, call.portal.client_endpoint
    if call.who.kind == "webhook":
        return f"{base}{config.webhook_user}/{config.webhook_code}/upload.json?{query}"
    access, _ = call.portal.mint(call.who.user_id, call.who.client_id)
    return f"{base}upload.json?auth={access}&{query}"


def _decoded(content: Any) -> bytes:
    try:
        return base64.b64decode(str(content).encode(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise core_error("File content is not properly encoded. Base64 encoding is expected.") from error


def _extension(name: str) -> str:
    """``wav`` or ``mp3`` in small letters, empty for anything else: the portal's check knows no capitals."""
    extension = name.rpartition(".")[2] if "." in name else ""
    return extension if extension in MIMES else ""


def _sounds(content: bytes) -> bool:
    """Whether the bytes begin as wav or mp3 do."""
    mpeg = content[:1] == b"\xff" and content[1:2] >= b"\xe0"
    return mpeg or content.startswith((b"RIFF", b"ID3"))


def _keep(call: Call, held: PhoneCall, name: str, content: bytes, url: str = "", mime: str = "") -> dict[str, int]:
    if not name:
        raise core_error("File name is empty")
    extension = _extension(name)
    if not extension:
        raise core_error("Wrong file extension. Only wav and mp3 are allowed")
    if not content:
        raise core_error("File content is empty.")
    if not mime.startswith("audio/") and not _sounds(content):
        raise core_error("Invalid file type")
    portal = call.portal
    portal.files.pop(held.record, None)
    held.record = portal.store(name, MIMES[extension], content).id
    told = {"RECORD_FILE_ID": held.record, "CALL_RECORD_URL": url or None}
    portal.exchange.statistics.amend(held.row, told)
    if held.activity in portal.crm["activity"].rows:
        portal.crm["activity"].update(held.activity, {"STORAGE_TYPE_ID": "3", "STORAGE_ELEMENT_IDS": [held.record]})
    return {"FILE_ID": held.record}


def transcribe(call: Call, params: Params) -> dict[str, int]:
    """What was said in a finished call; once more makes a new transcript."""
    call_id, messages = params.get("CALL_ID"), params.get("MESSAGES")
    if call_id is None:
        raise core_error("CALL_ID should be set")
    rows = dict(enumerate(messages)) if isinstance(messages, list) else messages
    if not isinstance(rows, dict):
        raise core_error("MESSAGES should be an array")
    lines = tuple(_line(place, row) for place, row in rows.items())
    held = call.portal.exchange.done(str(call_id))
    if held is None:
        raise core_error(f"Call {call_id} is not found. Is it finished?")
    number, cost = call.portal.exchange.next_id(), amount(params.get("COST"))
    held.transcript = Transcript(id=number, cost=cost, currency=str(params.get("COST_CURRENCY") or ""), lines=lines)
    call.portal.exchange.statistics.amend(held.row, {"TRANSCRIPT_ID": str(number), "TRANSCRIPT_PENDING": "N"})
    return {"TRANSCRIPT_ID": number}


def _line(place: Any, row: Any) -> dict[str, Any]:
    given = row if isinstance(row, Mapping) else {}
    side, start, stop = given.get("SIDE"), whole(given.get("START_TIME")), whole(given.get("STOP_TIME"))
    if side not in SIDES:
        raise core_error(f"MESSAGES[{place}][SIDE] should be either Client or User")
    if start < 0:
        raise core_error(f"MESSAGES[{place}][START_TIME] should be greater or equal to zero")
    if stop <= 0:
        raise core_error(f"MESSAGES[{place}][STOP_TIME] should be greater than zero")
    if not given.get("MESSAGE"):
        raise core_error(f"MESSAGES[{place}][MESSAGE] is empty")
    return {"side": side, "start": start, "stop": stop, "text": str(given["MESSAGE"])}


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "telephony.externalcall.attachrecord": Method(run=attach, scope="telephony", prepare=download),
        "telephony.call.attachtranscription": Method(run=transcribe, scope="telephony"),
        "upload": Method(run=upload, scope="telephony", prepare=_received, listed=False),
    }
)
