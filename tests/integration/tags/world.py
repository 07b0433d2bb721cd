"""A portal with clients, tasks and workgroups, and a source of segments: what each side has is read from each side."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connector.domain.sources import SourceSettings
from connector.errors import ConnectorError
from connector.handlers.rules import PortalFacts, Rules
from connector.journal import Journal, MirrorRow
from connector.sandbox import SandboxServer
from connector.sync import tags
from connector.sync.tags.memory import TAGSYNC
from tests.integration.access.world import portal_of

CONTACT = 3
FIELD = "UF_CRM_TAGS"


class World:
    """``rows`` are the records of the source by their ids: what the next reading finds. ``clients`` are their contacts
    in the portal. ``written`` are the columns that were brought back.
    """

    def __init__(self, sandbox: SandboxServer, journal: Journal) -> None:
        self.sandbox, self.journal, self.portal = sandbox, journal, portal_of(sandbox)
        self.rows: dict[str, dict[str, Any]] = {}
        self.clients: dict[str, int] = {}
        self.written: list[Mapping[str, Mapping[str, Any]]] = []
        self.refuses: ConnectorError | None = None
        self.dies = False
        self.tools: type[tags.Tools] = tags.Tools
        self.settled: datetime | None = None
        self._mirror: dict[str, dict[str, Any]] = {}

    def client(self, record: str, *borne: str, **values: Any) -> int:
        """A record with these tags, and its contact without any."""
        params = {"entityTypeId": CONTACT, "fields": {"name": record, **values.pop("fields", {})}}
        number = int(self.portal.call("crm.item.add", params)["item"]["id"])
        self.rows[record] = {"tags": list(borne), **values}
        self.clients[record] = number
        return number

    def sync(
        self,
        *,
        read: bool = True,
        back: bool = True,
        writable: bool = True,
        dry: bool = False,
        allow_gone: bool = False,
        brake: float = 20.0,
        **given: Any,
    ) -> tags.TagsOutcome:
        """Bring the tags in step. Without ``read`` the mirror still has what was read before."""
        if read:
            self._mirror = json.loads(json.dumps(self.rows))
        settings = self.settings(back=back, brake=brake, **given)
        outcome = tags.TagsOutcome()
        with self.portal.bulk() as bulk:
            tools = self.tools(
                portal="main",
                source="segments",
                journal=self.journal,
                bulk=bulk,
                rules=rules(),
                clock=lambda: datetime.now(UTC),
                trace="sync:segments:1",
                write=self.write if writable else None,
                dry=dry,
                allow_gone=allow_gone,
                outcome=outcome,
            )
            tags.step(tools, settings, [self._row(record) for record in sorted(self._mirror)])
        return outcome

    def settings(self, *, brake: float = 20.0, **given: Any) -> SourceSettings:
        """The source; its tags belong to the contacts that its rules led to, unless told otherwise."""
        places = {"find", "task", "workgroup"} & given.keys()
        where = {} if places else {"find": {"entity": "contact"}}
        return SourceSettings(source="segments", provider="table", portal="main", brake=brake, tags={**where, **given})

    def write(self, changes: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """The source takes columns back."""
        if self.dies:
            raise RuntimeError("killed here")
        if self.refuses is not None:
            raise self.refuses
        self.written.append(changes)
        for record, columns in changes.items():
            if record in self.rows:
                self.rows[record] |= columns
        return [record for record in changes if record in self.rows]

    def source(self, record: str) -> list[str]:
        """The tags of a record."""
        return sorted(self.rows[record]["tags"])

    def give(self, record: str, *borne: str) -> None:
        """The source says that these are the tags of a record."""
        self.rows[record]["tags"] = list(borne)

    def tags(self, record: str) -> list[str]:
        """The tags of its contact."""
        options = self.options()
        return sorted(options.get(str(value), str(value)) for value in self.values(record))

    def values(self, record: str) -> list[Any]:
        """What stands in the field of its contact."""
        row = next(row for row in self.sandbox.items(type=CONTACT) if int(row["id"]) == self.clients[record])
        return list(row.get(FIELD) or [])

    def tag(self, record: str, *borne: str) -> None:
        """A person gives a contact these tags, and no others."""
        numbers = {tag: number for number, tag in self.options().items()}
        if new := [tag for tag in borne if tag not in numbers]:
            self.add_options(*new)
            numbers = {tag: number for number, tag in self.options().items()}
        fields = {FIELD: [int(numbers[tag]) for tag in borne]}
        params = {"entityTypeId": CONTACT, "id": self.clients[record], "fields": fields, "useOriginalUfNames": "Y"}
        self.portal.call("crm.item.update", params)

    def add_options(self, *borne: str) -> None:
        """An administrator adds options to the field, which is made first where there is none."""
        options = [{"VALUE": tag} for tag in borne]
        field = self.field()
        if field is None:
            made = {"FIELD_NAME": "TAGS", "USER_TYPE_ID": "enumeration", "MULTIPLE": "Y", "LIST": options}
            self.portal.call("crm.contact.userfield.add", {"fields": made})
        else:
            self.portal.call("crm.contact.userfield.update", {"id": field["ID"], "fields": {"LIST": options}})

    def options(self) -> dict[str, str]:
        """The options of the field: id → what they are called."""
        field = self.field()
        return {str(option["ID"]): option["VALUE"] for option in (field or {}).get("LIST") or []}

    def field(self) -> Any:
        """The field, or nothing."""
        rows = self.portal.call("crm.contact.userfield.list", {"filter": {"FIELD_NAME": FIELD}})
        return self.portal.call("crm.contact.userfield.get", {"id": rows[0]["ID"]}) if rows else None

    def provenance(self, record: str) -> dict[str, str]:
        """Who gave the tags of a record, as it is remembered."""
        link = self.journal.recall(TAGSYNC, f"main.{CONTACT}.{self.clients[record]}|segments")
        return dict(link["by"]) if link else {}

    def counted(self, method: str) -> int:
        """How often the portal was called so."""
        return int(self.sandbox.counters()["methods"].get(method, 0))

    def _row(self, record: str) -> MirrorRow:
        values = self._mirror[record]
        now = datetime.now(UTC)
        crm = ((CONTACT, self.clients[record]),) if record in self.clients else ()
        whole = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
        return MirrorRow(
            source="segments", record=record, hash=whole, values=values, where="", state="done", gone=False, seen=1,
            run=1, outcome="", mapping="m", crm=crm, attempts=0, due_at=now, changed_at=now, settled_at=self.settled,
        )  # fmt: skip


def rules() -> Rules:
    """No rules, and a portal that speaks Russian."""
    facts = PortalFacts(name="main", language="ru", connectors={})
    return Rules(public_url="", accounts={}, portals={"main": facts})


def told(changes: Sequence[tags.TagChange]) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    """Changes, shorter."""
    return [(change.record, change.side, change.added, change.removed) for change in changes]
