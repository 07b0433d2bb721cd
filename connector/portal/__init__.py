"""The portal room: everything that speaks Bitrix24 (facts/bitrix24-platform.md)."""

from __future__ import annotations

from connector.portal.batch import Outcome, Ref, must_go_alone
from connector.portal.budget import WEBHOOK, RedisBudget
from connector.portal.events import WANTED, dedupe_key, parse_event, wanted
from connector.portal.files import file_source
from connector.portal.install import authentic, grant_from_event, grant_from_page
from connector.portal.joining import items_of
from connector.portal.rest import Portal, connector_prefix
from connector.portal.selfcheck import Line
from connector.portal.wire import decode_form, encode_params, mask_event

__all__ = [
    "WANTED",
    "WEBHOOK",
    "Line",
    "Outcome",
    "Portal",
    "RedisBudget",
    "Ref",
    "authentic",
    "connector_prefix",
    "decode_form",
    "dedupe_key",
    "encode_params",
    "file_source",
    "grant_from_event",
    "grant_from_page",
    "items_of",
    "mask_event",
    "must_go_alone",
    "parse_event",
    "wanted",
]
