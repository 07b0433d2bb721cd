"""Who may do what: one table. A route that is not in it is open to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from connector.journal.users import ROLES, Role

Need = Role | Literal["anyone"]

# The endpoint, and the least role that it takes.
ROUTES: Mapping[str, Need] = MappingProxyType(
    {
        "ops.static": "anyone",
        "ops.door": "anyone",
        "ops.enter": "anyone",
        "ops.step_in": "anyone",
        "ops.inside": "anyone",
        "ops.language": "anyone",
        "ops.lost": "viewer",
        "ops.leave": "viewer",
        "ops.overview": "viewer",
        "ops.live": "viewer",
        "ops.portals": "viewer",
        "ops.portal": "operator",
        "ops.mend": "operator",
        "ops.lanes": "viewer",
        "ops.lane": "viewer",
        "ops.parked": "operator",
        "ops.parked_list": "operator",
        "ops.parked_item": "operator",
        "ops.parked_envelope": "operator",
        "ops.parked_preview": "operator",
        "ops.parked_deed": "operator",
        "ops.parked_done": "operator",
        "ops.calls": "viewer",
        "ops.traces": "operator",
        "ops.trace": "operator",
        "ops.sync": "viewer",
        "ops.sync_json": "viewer",
        "ops.source": "viewer",
        "ops.source_json": "viewer",
        "ops.source_deed": "operator",
        "ops.run": "viewer",
        "ops.run_json": "viewer",
        "ops.record": "operator",
        "ops.record_deed": "operator",
        "ops.source_parked": "operator",
        "ops.source_parked_deed": "operator",
        "ops.source_rules": "integrator",
        "ops.source_rules_deed": "integrator",
        "ops.accounts": "viewer",
        "ops.account": "operator",
        "ops.join": "integrator",
        "ops.try_out": "integrator",
        "ops.connect": "integrator",
        "ops.audit": "operator",
        "ops.users": "admin",
        "ops.add_user": "admin",
        "ops.user": "admin",
        "ops.change_user": "admin",
        "ops.end_visit": "admin",
        "ops.me": "viewer",
        "ops.renew": "viewer",
        "ops.end_others": "viewer",
        "ops.zone": "viewer",
    }
)


def allowed(endpoint: str | None, role: Role | None) -> bool:
    """Whether somebody of this role (``None``: nobody signed in) may go there."""
    need = ROUTES.get(endpoint or "")
    if need is None:
        return False
    if need == "anyone":
        return True
    return role is not None and ROLES.index(role) >= ROLES.index(need)
