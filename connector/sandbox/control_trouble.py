"""The troublemaker's half of the control API: faults, limits, outages, and what was seen."""

from __future__ import annotations

import fnmatch
from typing import Any, cast, get_args

from connector.sandbox.answers import ApiError
from connector.sandbox.faults import DownMode
from connector.sandbox.model import Binding
from connector.sandbox.state import Portal


class TroubleControl:
    """Misbehaviour on demand, and the record of every call and event."""

    portal: Portal

    def fault(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Add a rule: ``kind`` fail, slow, reset_before or reset_after, with the fields of :class:`Fault`."""
        with self.portal.lock:
            try:
                self.portal.faults.add({"kind": kind, **fields})
            except ValueError as error:
                raise ApiError("FAULT", str(error), 400) from error
            return self.portal.faults.listing()[-1]

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force."""
        with self.portal.lock:
            return self.portal.faults.listing()

    def clear_faults(self) -> dict[str, Any]:
        """No more misbehaviour: rules, outage and block are gone."""
        with self.portal.lock:
            self.portal.faults.clear()
            self.portal.down, self.portal.overload = "", 0
            return {"faults": 0}

    def set_down(self, mode: str = "reset") -> dict[str, Any]:
        """The whole portal is away: ``reset`` (connections cut), ``unavailable`` (503), ``html`` (502 page).

        The empty mode brings it back.
        """
        if mode not in get_args(DownMode):
            raise ApiError("MODE", "mode: reset, unavailable, html or empty", 400)
        with self.portal.lock:
            self.portal.down = cast(DownMode, mode)
            return {"down": mode}

    def set_overload(self, status: int = 503) -> dict[str, Any]:
        """Block the REST with ``OVERLOAD_LIMIT`` at this status (503 or 401); 0 lifts the block."""
        with self.portal.lock:
            self.portal.overload = int(status)
            return {"overload": int(status)}

    def rename(self, domain: str) -> dict[str, Any]:
        """Give the portal a new ``host:port``; its old address answers 302 from now on."""
        portal = self.portal
        with portal.lock:
            portal.former = (portal.former | {portal.domain}) - {domain}
            portal.domain = domain
            return {"domain": domain, "former": sorted(portal.former)}

    def set_limits(
        self,
        burst: int | None = None,
        per_second: float | None = None,
        operating_limit: float | None = None,
        seconds: dict[str, float] | None = None,
    ) -> dict[str, Any]:
        """Change the limits; ``burst`` or ``operating_limit`` 0 turns one off. What was counted starts anew."""
        portal = self.portal
        with portal.lock:
            bucket, operating = portal.bucket, portal.operating
            bucket.burst = bucket.burst if burst is None else int(burst)
            bucket.per_second = bucket.per_second if per_second is None else float(per_second)
            bucket.level, bucket.at = 0.0, portal.now()
            operating.limit = operating.limit if operating_limit is None else float(operating_limit)
            operating.forget()
            portal.seconds.update(seconds or {})
            return self.limits()

    def limits(self) -> dict[str, Any]:
        """The limits and how full the bucket is."""
        portal = self.portal
        with portal.lock:
            return {
                "burst": portal.bucket.burst,
                "per_second": portal.bucket.per_second,
                "level": portal.bucket.level,
                "operating_limit": portal.operating.limit,
                "seconds": dict(portal.seconds),
            }

    def calls(self, method: str = "*", limit: int = 1000) -> list[dict[str, Any]]:
        """The latest calls that match a pattern, oldest first.

        Each is method, at, ms, status, error, request, user, ``writes`` (whether it may change something).
        """
        with self.portal.lock:
            rows = [dict(row) for row in self.portal.calls if fnmatch.fnmatchcase(row["method"], method.lower())]
        return rows[-int(limit) :]

    def counters(self) -> dict[str, Any]:
        """How many requests and batch commands came, of which method, the errors provoked, what became of the events.

        They are exact, however many calls there were; ``methods`` counts commands of batches and single calls alike.
        """
        portal = self.portal
        with portal.lock:
            return {
                "requests": portal.counters["requests"],
                "commands": portal.counters["commands"],
                "events_withheld": portal.counters["events_withheld"],
                "events_sent": portal.outbox.sent,
                "events_lost": portal.outbox.lost,
                "errors": dict(portal.errors),
                "methods": dict(portal.called),
            }

    def events(self, failed: bool = False) -> list[dict[str, Any]]:
        """Event posts, oldest first; only the lost ones when ``failed``."""
        return self.portal.outbox.listing(failed)

    def drop_events(self, count: int = 1, event: str = "*") -> dict[str, Any]:
        """Lose the next ``count`` event posts that match a pattern; nobody hears of them, as when a queue fails."""
        self.portal.outbox.drop(int(count), event)
        return {"dropping": int(count), "event": event}

    def unbind(self, event: str = "*", handler: str = "*", client_id: str = "*") -> dict[str, Any]:
        """Take handlers away behind the applications' backs; each argument is a pattern."""

        def goes(binding: Binding) -> bool:
            return (
                fnmatch.fnmatchcase(binding.event, event.upper())
                and fnmatch.fnmatchcase(binding.handler, handler)
                and fnmatch.fnmatchcase(binding.client_id, client_id)
            )

        with self.portal.lock:
            before = len(self.portal.bindings)
            self.portal.bindings = [binding for binding in self.portal.bindings if not goes(binding)]
            return {"unbound": before - len(self.portal.bindings)}

    def resend_event(self, event: int) -> dict[str, Any]:
        """Post an event once more, byte for byte."""
        if not self.portal.outbox.resend(int(event)):
            raise ApiError("EVENT", f"There is no event {event}", 404)
        return {"resent": int(event)}

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until every event has left; false when ``timeout`` seconds were not enough."""
        return self.portal.outbox.settled(float(timeout))
