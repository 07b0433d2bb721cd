"""What rules name, asked of the portal with few requests; what it gives no sight of is told once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.errors import Stopped, TransientError
from connector.portal import Outcome, Portal
from connector.rulebook.checking import differences
from connector.rulebook.kinds import KINDS
from connector.sandbox import SandboxServer
from mappings.loading import load
from tests.contract.mapping.furnished import CONTENTS, check, contact, deal, item
from tests.contract.portal.conftest import House


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(selfhosted=True, contents=CONTENTS) as started:
        yield started


@pytest.fixture
def portal(sandbox: SandboxServer) -> Iterator[Portal]:
    yield House(sandbox).installed()
    sandbox.clear_faults()


class Counted:
    """A portal whose requests are counted."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self.batches: list[list[tuple[str, str]]] = []
        self.name, self.connector_prefix = portal.name, portal.connector_prefix

    def batch(self, commands: Any, **options: Any) -> dict[str, Outcome]:
        self.batches.append([(method, repr(params)) for method, params in commands.values()])
        assert options == {"live": False}
        return self._portal.batch(commands, **options)


def test_few_requests_and_no_question_twice(portal: Portal) -> None:
    counted = Counted(portal)
    rules = "\n---\non: message.received\n".join(
        [contact(f"SOURCE_ID: CALL, assignedById: {number}, UF_CRM_CHANNEL: [telegram]") for number in range(1, 70)]
        + [deal("stageId: WON"), "owner: 2", "line: 1", "task: {title: x, owner: 5, group: 1}", item("title: x")]
    )
    faults = check(counted, rules)  # type: ignore[arg-type]
    assert len(faults) == 68, "users 1 and 2 are there, 3 is dismissed"
    asked = [command for batch in counted.batches for command in batch]
    assert len(counted.batches) == 2
    assert len(asked) == len(set(asked))
    assert len([method for method, _ in asked if method == "user.get"]) <= 3


def test_a_set_that_names_nothing_asks_nothing(portal: Portal) -> None:
    counted = Counted(portal)
    mappings = load({"shop.yaml": "on: message.received\nset: {x: 1}\nline: '{{ facts.x }}'"}, KINDS)
    assert differences(mappings, counted) == []  # type: ignore[arg-type]
    assert counted.batches == []


EVERYTHING = """line: 33
owner: 1
task: {title: x, owner: 1, group: 1}
crm:
  contact: {match: [phone], set: {SOURCE_ID: CAL, UF_CRM_CHANNEL: [telegram]}}
  deal: {match: [open], set: {stageId: WON}}
"""


def test_a_missing_permission_is_one_message_each_and_the_rest_is_checked() -> None:
    with SandboxServer(selfhosted=True, contents=CONTENTS, scope="imopenlines,imconnector,im,user") as sandbox:
        faults = check(House(sandbox).installed(), EVERYTHING)
    told = [(fault.line, fault.said[0], fault.mend[0]) for fault in faults]
    assert [line for line, _, _ in told] == [2, 4, 6]
    assert told[0][1] == "There is no open line 33"
    assert told[1][1] == "Not checked on portal main: workgroups (permission sonet_group is missing)"
    assert told[2][1] == "Not checked on portal main: fields (permission crm is missing)"
    assert "reinstall the application" in told[2][2]


def test_a_webhook_that_may_not_see_lines_says_so() -> None:
    with SandboxServer(selfhosted=True, contents=CONTENTS, scope="crm,user") as sandbox:
        portal = House(sandbox).portal(app=None, webhook=sandbox.webhook_url())
        faults = check(portal, "line: 1\nowner: 99")
    assert [fault.said[0] for fault in faults] == [
        "Not checked on portal main: open lines (permission imopenlines is missing)",
        "There is no user 99",
    ]
    assert faults[0].mend[1] == "Добавьте его входящему вебхуку в Битрикс24"


def test_who_has_no_rights_is_told_which(portal: Portal, sandbox: SandboxServer) -> None:
    for method in ("crm.item.fields", "crm.contact.userfield.list"):
        sandbox.fault("fail", method=method, code="ACCESS_DENIED", status=403, times=2)
    [fault] = check(portal, EVERYTHING.replace("33", "1"))
    assert fault.said[0] == "Not checked on portal main: fields (access denied)"
    assert "CRM administrator" in fault.mend[0]


def test_options_by_xml_id_need_an_administrator_and_only_then(sandbox: SandboxServer) -> None:
    house = House(sandbox)
    portal = house.portal()
    portal.adopt(house.grant(user_id=2))
    assert check(portal, contact("UF_CRM_CHANNEL: [Телеграм]")) == []
    [fault] = check(portal, contact("UF_CRM_CHANNEL: [telegram]"))
    assert fault.said[0].startswith("Not checked on portal main: options of lists")
    [fault] = check(portal, item("title: x", number=1037))
    assert (fault.said[0], "/crm/type/" in fault.mend[0]) == ("There is no smart process 1037", True)


def test_a_portal_that_is_not_there_is_no_fault_of_the_rules(sandbox: SandboxServer) -> None:
    with pytest.raises(Stopped) as stopped:
        check(House(sandbox).portal(), "owner: 1")
    assert stopped.value.cause == "portal.not_installed"
    portal = House(sandbox).installed()
    sandbox.set_down("unavailable")
    try:
        with pytest.raises(TransientError):
            check(portal, "owner: 1")
    finally:
        sandbox.clear_faults()
