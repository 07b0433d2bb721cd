from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.domain.events import EventMapped, MessageReceived, RecordChanged
from connector.domain.letters import Letter
from connector.domain.values import File, Person
from connector.handlers.mapped import event_mapped, record_changed
from connector.handlers.viewing import packed, view
from connector.portal import Portal
from connector.sandbox import SandboxServer
from mappings.outcome import Outcome
from tests.contract.portal.conftest import House
from tests.unit.handlers.driving import rules
from tests.unit.handlers.walking import FakeSet, Walk, with_set

ANNA = Person(id="700", first_name="Анна", phone="+7 900 111-22-33")


@dataclass
class Crm:
    """A portal of the sandbox, and events that rules said something of."""

    sandbox: SandboxServer
    portal: Portal
    walk: Walk = field(init=False)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.walk = Walk(answer=lambda method, params: self.portal.call(method, params))

    def message(self, said: Outcome | FakeSet, message_id: str = "55", client: Person = ANNA) -> list[str]:
        """Carry out what is said of a message; the methods that left."""
        ruled = with_set(rules(), said, at=self.began)
        event = MessageReceived(
            account="shop", conversation="700", message_id=message_id, client=client, text="Где мой заказ?"
        )
        about = packed(view(event, ruled))
        return self.walk.run(event_mapped(EventMapped(portal="main", about=about), ruled))

    def letter(self, said: Outcome | FakeSet, message_id: str = "f0f0", **more: Any) -> list[str]:
        """Carry out what is said of a letter from Anna with one file."""
        ruled = with_set(rules(), said, at=self.began)
        event = MessageReceived(
            account="shop",
            conversation="c1",
            message_id=message_id,
            client=Person(id="anna@example.com", first_name="Анна", email="anna@example.com"),
            text="Где [b]заказ[/b] 17?",
            files=(File(ref="photo", name="photo [1].jpg"), File(ref="gone", name="gone.pdf")),
            sent_at=more.pop("sent_at", self.began),
            letter=Letter(
                subject=more.pop("subject", "Заказ 17"),
                message_id="a@example.com",
                from_address="anna@example.com",
                original=File(ref="eml", name="letter.eml"),
            ),
        )
        self.walk.gone = frozenset({"gone"})
        about = packed(view(event, ruled))
        return self.walk.run(event_mapped(EventMapped(portal="main", about=about), ruled))

    def record(self, said: Outcome | FakeSet, record: str = "42", **values: Any) -> list[str]:
        """Carry out what is said of a record."""
        event = RecordChanged(portal="main", source="shipments", record=record, values=values)
        return self.walk.run(record_changed(event, with_set(rules(), said, at=self.began)))

    def again(self) -> None:
        """Nothing is remembered any more, nor is anything in the ledger."""
        self.walk.links.clear()
        self.walk.ledger.clear()

    def call(self, method: str, **params: Any) -> Any:
        return self.portal.call(method, params)

    def item(self, type_id: int, number: int) -> Any:
        return self.call("crm.item.get", entityTypeId=type_id, id=number, useOriginalUfNames="Y")["item"]

    def items(self, type_id: int) -> list[Any]:
        found: list[Any] = self.call("crm.item.list", entityTypeId=type_id, select=["*"], useOriginalUfNames="Y")[
            "items"
        ]
        return found


@pytest.fixture
def crm() -> Iterator[Crm]:
    with SandboxServer(selfhosted=True) as sandbox:
        yield Crm(sandbox, House(sandbox).installed())
