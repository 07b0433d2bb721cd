"""What an older portal may lack: asked once at the installation, and done without where that is possible.

facts/bitrix24-platform.md §4.9: methods, events and modules of a self-hosted portal may lag behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.domain.effects import Call, Plan, Remember
from connector.errors import PermanentError

# Every method that conversations need; the names are asked in lower case (§1.1). Without ``user.get``, which is not
# among them, only operators' faces are missing. What rules call besides is told by the delivery that needs it.
USED = (
    "crm.activity.list",
    "event.bind",
    "event.get",
    "event.test",
    "event.unbind",
    "im.message.add",
    "im.notify",
    "imconnector.activate",
    "imconnector.connector.data.set",
    "imconnector.delete.messages",
    "imconnector.list",
    "imconnector.register",
    "imconnector.send.messages",
    "imconnector.send.status.delivery",
    "imconnector.status",
    "imconnector.update.messages",
    "imopenlines.config.get",
    "imopenlines.session.history.get",
)
MISSING = "bitrix24.no_such_method"
NO_SUCH_EVENT = "bitrix24.no_such_event"


def look_up(portal: str) -> Plan:
    """Keep which of the methods the portal has, as link ``abilities`` of the portal: ``{method: whether}``.

    One request. A portal too old to be asked keeps what was known, and nothing is assumed of it.
    """
    commands = {f"m{number}": f"method.get?name={method}" for number, method in enumerate(USED)}
    try:
        found = yield Call("batch", {"halt": 0, "cmd": commands}, judge=_found)
    except PermanentError:
        return
    if found:
        yield Remember("abilities", portal, found)


def if_there(call: Call) -> Plan:
    """The answer of ``call``; ``None`` where the portal has no such method. The trail tells; the rest goes on."""
    try:
        return (yield call)
    except PermanentError as error:
        if error.cause != MISSING:
            raise
        return None


def _found(answer: Any) -> dict[str, bool]:
    """What ``method.get`` said of each; a command without an answer is left out."""
    sections = answer if isinstance(answer, Mapping) else {}
    rows = sections.get("result")
    told = {key: row for key, row in rows.items() if isinstance(row, Mapping)} if isinstance(rows, Mapping) else {}
    known = {method: told.get(f"m{number}") for number, method in enumerate(USED)}
    return {
        method: bool(row.get("isExisting")) and bool(row.get("isAvailable")) for method, row in known.items() if row
    }
