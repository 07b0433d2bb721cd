"""Several applications of one portal keep to themselves (facts/bitrix24-platform.md §3.2, §4.5, §4.7, §5.2)."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox import SandboxServer
from connector.sandbox.forms import parse_query
from tests.contract.sandbox.caller import Caller, item
from tests.contract.sandbox.listener import Listener


class Other(Caller):
    """The second application's calls."""

    def __init__(self, server: SandboxServer) -> None:
        super().__init__(server)
        server.add_app("app.other", "other-secret")
        self.grant = server.grant("app.other")


@pytest.fixture
def two(sandbox: SandboxServer) -> tuple[Caller, Caller]:
    second = Other(sandbox)
    return Caller(sandbox), second


def forms(listener: Listener, event: str = "") -> list[Any]:
    return [parse_query(seen.body.decode()) for seen in listener.events(event)]


def test_handlers_are_seen_and_removed_by_their_own_application_only(two: tuple[Caller, Caller]) -> None:
    first, _ = two
    url = "http://127.0.0.1:9/e"
    for app in two:
        assert app.result("event.bind", event="OnAppUninstall", handler=url) is True
    assert [len(app.result("event.get")) for app in two] == [1, 1]
    assert first.result("event.unbind", event="OnAppUninstall", handler=url) == {"count": 1}
    assert [len(app.result("event.get")) for app in two] == [0, 1]
    assert [row["client_id"] for row in first.server.state()["handlers"]] == ["app.other"]


def test_each_application_has_a_token_of_its_own_on_its_events(two: tuple[Caller, Caller], listener: Listener) -> None:
    first, second = two
    for app, path in ((first, "/a"), (second, "/b")):
        app.result("event.bind", event="OnCrmLeadAdd", handler=listener.url + path)
    first.result("crm.lead.add", fields={"TITLE": "T"})
    assert first.server.settle()
    tokens = {seen.path: parse_query(seen.body.decode())["auth"]["application_token"] for seen in listener.events()}
    assert tokens == {"/a": first.grant["application_token"], "/b": second.grant["application_token"]}
    assert len(set(tokens.values())) == 2


def test_replies_go_to_the_application_that_owns_the_connector(two: tuple[Caller, Caller], listener: Listener) -> None:
    first, second = two
    for app, path in ((first, "/a"), (second, "/b")):
        app.result("event.bind", event="OnImConnectorMessageAdd", handler=listener.url + path)
    second.connect("other_chat")
    second.send(item(), connector="other_chat")
    second.server.say("c1", "Hello")
    assert second.server.settle()
    assert [seen.path for seen in listener.events()] == ["/b"]


def test_seconds_are_counted_for_each_application(two: tuple[Caller, Caller]) -> None:
    first, second = two
    first.server.set_limits(operating_limit=1, seconds={"profile": 2.0})
    assert [first.call("profile")[0] for _ in range(2)] == [200, 429]
    assert second.call("profile")[0] == 200


def test_removing_one_application_leaves_the_other_at_work(two: tuple[Caller, Caller], listener: Listener) -> None:
    first, second = two
    for app, path in ((first, "/a"), (second, "/b")):
        app.result("event.bind", event="OnAppUninstall", handler=listener.url + path)
        app.connect(f"chat_{path[1]}")
    first.server.uninstall()
    assert first.server.settle()
    assert [seen.path for seen in listener.events()] == ["/a"]
    assert first.call("profile")[1]["error"] == "APPLICATION_NOT_FOUND"
    assert second.call("profile")[0] == 200
    state = second.server.state()
    assert [row["id"] for row in state["connectors"]] == ["chat_b"]
    assert [row["client_id"] for row in state["handlers"]] == ["app.other"]


def test_the_second_application_is_told_its_own_name(two: tuple[Caller, Caller]) -> None:
    assert [app.result("app.info")["CODE"] for app in two] == ["local.sandbox", "app.other"]


def test_a_test_event_goes_to_the_application_that_asked(two: tuple[Caller, Caller], listener: Listener) -> None:
    for app, path in zip(two, ("/a", "/b"), strict=True):
        app.result("event.bind", event="OnAppTest", handler=listener.url + path)
    two[1].result("event.test", nonce="n1", deep={"a": [1, 2]})
    assert two[1].server.settle()
    (form,) = forms(listener, "ONAPPTEST")
    assert form["data"] == {"QUERY": {"nonce": "n1", "deep": {"a": ["1", "2"]}}, "LANGUAGE_ID": "en"}
    assert form["auth"]["application_token"] == two[1].grant["application_token"]
    wanted = {"access_token", "expires_in", "scope", "status", "user_id", "refresh_token", "member_id", "domain"}
    assert wanted <= set(form["auth"])
