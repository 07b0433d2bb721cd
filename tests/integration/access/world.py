"""A portal with people, and a source that leads them: every run is a real one against the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from connector.domain.ports import Grant
from connector.domain.sources import SourceSettings
from connector.journal import Journal, MirrorRow
from connector.portal import Portal
from connector.portal.memory import MemoryInstallations, MemoryLocks, OpenBudget
from connector.sandbox import SandboxServer
from connector.sandbox.config import DEFAULT_SCOPE
from connector.settings import AppSettings, PortalSettings
from connector.sync import access
from tests.unit.access.making import COLUMNS, row, run

SCOPE = f"{DEFAULT_SCOPE},user.userfield,humanresources"
SALES, SUPPORT, LOGISTICS = 2, 3, 4
PEOPLE = ("ivan", "petr", "olga", "anna", "oleg")
# Departments 2-4 (heads aside), people 11-15 in Sales, one workgroup and one team.
CONTENTS: Mapping[str, Any] = {
    "departments": [{"NAME": "Sales"}, {"NAME": "Support"}, {"NAME": "Logistics"}],
    "users": [
        {
            "id": number,
            "name": name,
            "email": f"{name.title()}@Acme.ru",
            "xml_id": f"guid-{name}",
            "departments": [LOGISTICS],
        }
        for number, name in enumerate(PEOPLE, 11)
    ],
    "groups": [{"NAME": "Tenders", "OWNER_ID": 1}],
    "teams": [{"name": "Rapid response"}],
}
NUMBERS = {name: number for number, name in enumerate(PEOPLE, 11)}


class World:
    """The sandbox, our portal before it and a journal."""

    def __init__(self, sandbox: SandboxServer, journal: Journal) -> None:
        self.sandbox, self.journal = sandbox, journal
        self.portal = portal_of(sandbox)
        field = {"FIELD_NAME": "UF_USR_GROUPS", "USER_TYPE_ID": "enumeration", "MULTIPLE": "Y"}
        self.portal.call(
            "user.userfield.add", {"fields": {**field, "LIST": [{"VALUE": "Sales"}, {"VALUE": "Support"}]}}
        )

    def settings(self, *targets: Mapping[str, Any], source: str = "staff", **more: Any) -> SourceSettings:
        """A source with these targets."""
        given = {"person": COLUMNS, "targets": list(targets), **more}
        return SourceSettings(source=source, provider="table", portal="main", access=given)

    def work(
        self,
        settings: SourceSettings,
        rows: Sequence[MirrorRow],
        *,
        dry: bool = False,
        allow_gone: bool = False,
        portal: Any = None,
        stop: Any = lambda: False,
    ) -> access.AccessOutcome:
        """One run."""
        return access.work(
            portal or self.portal,
            self.journal,
            settings,
            rows,
            clock=lambda: datetime.now(UTC),
            run=run(allow_gone=allow_gone),
            stop=stop,
            dry=dry,
        )

    def explain(self, settings: SourceSettings, rows: Sequence[MirrorRow], person: str, target: str) -> Any:
        """Why."""
        return access.explain(self.portal, self.journal, settings, rows, person, target)

    def departments(self, number: int) -> list[int]:
        """The departments of a user."""
        return next(list(row["UF_DEPARTMENT"]) for row in self.sandbox.users() if row["ID"] == str(number))

    def user(self, number: int) -> dict[str, Any]:
        """A user as the portal has them."""
        return next(row for row in self.sandbox.users() if row["ID"] == str(number))

    def members(self, group: int = 1) -> dict[int, str]:
        """A workgroup's people and their roles."""
        row = next(row for row in self.sandbox.groups() if row["ID"] == str(group))
        return {int(user): role for user, role in row["MEMBERS"].items()}

    def queue(self, line: int = 3) -> list[int]:
        """A line's operators in their order."""
        found = self.portal.call("imopenlines.config.get", {"CONFIG_ID": line, "WITH_QUEUE": "Y"})
        return [int(user) for user in found["QUEUE"]]

    def audit(self) -> list[tuple[str, str, str]]:
        """What was done to whom and why, the oldest first."""
        notes = [note for note in self.journal.audits(limit=500) if note.what.startswith("access.")]
        return [(note.what, note.target, note.why) for note in reversed(notes)]


def portal_of(sandbox: SandboxServer) -> Portal:
    """Our side of a portal that has the application installed."""
    app = AppSettings(client_id="local.sandbox", client_secret=SecretStr("sandbox-secret"))
    portal = Portal(
        PortalSettings(name="main", url=sandbox.url, app=app),
        store=MemoryInstallations(),
        locks=MemoryLocks(),
        budget=OpenBudget(),
        seal=str,
        unseal=str,
        clock=lambda: datetime.now(UTC),
    )
    given = sandbox.grant(user_id=1)
    portal.adopt(
        Grant(
            access_token=given["access_token"],
            refresh_token=given["refresh_token"],
            expires_at=datetime.fromtimestamp(given["expires"], UTC),
            member_id=given["member_id"],
            client_endpoint=given["client_endpoint"],
            server_endpoint=given["server_endpoint"],
            application_token=given["application_token"],
        )
    )
    return portal


def staff(**groups: Sequence[str]) -> list[MirrorRow]:
    """The five people; who is not named is in no group."""
    return [row(name, *groups.get(name, ())) for name in PEOPLE]
