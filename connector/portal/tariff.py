"""What a portal's plan allows (facts/bitrix24-platform.md §3.1, §4.6 "portal app.info", §4.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.portal.bucket import DEFAULT_BURST, DEFAULT_RATE


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """The bucket of a plan: requests at once (0: no limit) and per second; ``plan`` is the portal's own word for it."""

    plan: str = ""
    burst: float = DEFAULT_BURST
    per_second: float = DEFAULT_RATE


def tariff_of(info: Any) -> Tariff:
    """The tariff in the result of ``app.info``: of an application, or ``{SCOPE, LICENSE}`` of a webhook.

    Only ``LICENSE_FAMILY`` ``ent`` is the bigger bucket. A webhook is not told the family: its portal counts as an
    ordinary one, which is slower and never wrong; ``budget`` of the settings wins.
    """
    fields: Mapping[str, Any] = info if isinstance(info, Mapping) else {}
    plan, family = str(fields.get("LICENSE") or ""), str(fields.get("LICENSE_FAMILY") or "")
    if "selfhosted" in (plan.rpartition("_")[2].lower(), family.lower()):
        return Tariff(plan=plan, burst=0.0)
    if family.lower() == "ent":
        return Tariff(plan=plan, burst=250.0, per_second=5.0)
    return Tariff(plan=plan)
