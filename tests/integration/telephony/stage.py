"""The real journal and intake around a PBX of fakes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connector.intake import Intake
from connector.journal import Envelope, NewDelivery, Vault, open_journal
from connector.journal.spool import Spool
from connector.routes import Account
from connector.telephony.checkpoint import checkpoint_of
from tests.conftest import SECRET, FakeClock
from tests.unit.telephony.pbx import Past, pbx


class KilledError(BaseException):
    """SIGKILL, so to say: nothing catches it."""


class Door:
    """The intake, until it is to die: ``dies_after`` envelopes are kept."""

    def __init__(self, intake: Intake) -> None:
        self._intake, self.dies_after = intake, -1

    def keep(self, envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bool:
        if self.dies_after == 0:
            raise KilledError
        self.dies_after -= 1
        return self._intake.keep(envelope, deliveries)


class Stage:
    """A house as the rooms of telephony see it."""

    def __init__(self, url: str, folder: Path, clock: FakeClock) -> None:
        self.clock, self.past = clock, Past()
        self.journal = open_journal(url, Vault([SECRET]), clock=clock)
        self.accounts: dict[str, Account] = {"office": pbx(history=self.past), "plain": pbx("plain")}
        self.portals: dict[str, Any] = {}
        self.settings: Any = None
        self.spool = Spool(folder / "spool")
        self.door = Door(Intake(self.journal, self.spool, self.accounts, clock))

    @property
    def intake(self) -> Any:
        return self.door

    def kept(self) -> list[tuple[str, list[str]]]:
        """``(dedupe key, kinds of its events)`` of all envelopes, by the key."""
        rows = self.journal.list("envelopes", limit=5000)
        found = [
            (row["dedupe_key"], [event["kind"] for event in json.loads(self.journal.show(row["trace"])["body"])])
            for row in rows
        ]
        return sorted(found)

    def deliveries(self) -> list[dict[str, Any]]:
        """The oldest first."""
        return self.journal.list(limit=5000)[::-1]

    def story(self, call: str, *, finished: bool = False, **more: Any) -> None:
        """What handlers keep of a call; one that is not finished is open."""
        done = {"call_id": f"externalCall.{call}", "finished": finished}
        self.journal.remember("event.call", f"office.{call}", {"done": done, **more})
        opened = None if finished else {"at": self.clock().isoformat(), "call_id": done["call_id"]}
        self.journal.remember("call.open", f"office.{call}", opened)

    def until(self) -> datetime | None:
        """The checkpoint."""
        return checkpoint_of(self.journal, "office").until

    def ago(self, **span: float) -> datetime:
        return self.clock() - timedelta(**span)
