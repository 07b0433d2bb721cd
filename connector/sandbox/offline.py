"""``event.offline.*`` (facts/bitrix24-platform.md §5.6): admin and application only."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Params, is_empty, upper, whole
from connector.sandbox.crm_tables import PAGE
from connector.sandbox.methods import Call, Method
from connector.sandbox.offline_queue import OfflineRow


def _admin(call: Call) -> str:
    if not call.portal.users[call.who.user_id].admin:
        raise ApiError("ACCESS_DENIED", "Access denied!", 403)
    return call.who.client_id


def get(call: Call, params: Params) -> dict[str, Any]:
    """Read up to ``limit`` rows. ``clear=1`` (the default) deletes them; ``clear=0`` reserves and needs the feature."""
    client, given = _admin(call), upper(params)
    queue, process = call.portal.offline, str(given.get("PROCESS_ID") or "")
    clear = not is_empty(given.get("CLEAR", 1))
    if not clear and not call.portal.config.has_feature("rest_offline_extended"):
        raise ApiError(
            "WRONG_LICENSE", "This feature is not enabled for the current license: rest_offline_extended", 403
        )
    if process:
        batch = [row for row in queue.of(client) if row.process == process]
        rows = batch[: whole(given.get("LIMIT"), PAGE)]
    else:
        process, rows = queue.reserve(client, whole(given.get("LIMIT"), PAGE), not is_empty(given.get("ERROR")))
        batch = rows
    if clear:
        queue.drop(batch)
    return {"process_id": None if clear else process, "events": [row.public() for row in rows]}


def _batch(call: Call, params: Params) -> list[OfflineRow]:
    """The named rows of a reserved batch, all of it when none are named."""
    client, given = _admin(call), upper(params)
    process = str(given.get("PROCESS_ID") or "")
    if not process:
        raise ApiError("ERROR_ARGUMENT", "Argument 'PROCESS_ID' is null or empty", 400, argument="PROCESS_ID")
    rows = [row for row in call.portal.offline.of(client) if row.process == process]
    keys, numbers = given.get("MESSAGE_ID"), given.get("ID")
    if isinstance(keys, list):
        return [row for row in rows if row.key in keys]
    if isinstance(numbers, list):
        return [row for row in rows if str(row.id) in {str(number) for number in numbers}]
    return rows


def clear(call: Call, params: Params) -> bool:
    """Confirm rows of a reserved batch."""
    call.portal.offline.drop(_batch(call, params))
    return True


def error(call: Call, params: Params) -> bool:
    """Give rows back as failed; they show up with ``error=1`` only."""
    for row in _batch(call, params):
        row.error, row.process = True, ""
    return True


METHODS = MappingProxyType(
    {
        "event.offline.get": Method(run=get, app_only=True),
        "event.offline.clear": Method(run=clear, app_only=True),
        "event.offline.error": Method(run=error, app_only=True),
    }
)
