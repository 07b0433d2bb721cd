"""Plans and boxes: what is allowed, and what an older box does not have (facts/bitrix24-platform.md §3.1, §4.9)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller


@pytest.mark.parametrize(
    ("config", "limits"),
    [
        ({}, (50, 2.0, 480.0)),
        ({"license_family": "ent"}, (250, 5.0, 480.0)),
        ({"license_family": "ent", "burst": 7}, (7, 5.0, 480.0)),
        ({"selfhosted": True}, (0, 0.0, 0.0)),
        ({"selfhosted": True, "operating_limit": 420.0}, (0, 0.0, 420.0)),
    ],
)
def test_limits_come_with_the_plan_unless_they_are_given(config: dict[str, Any], limits: tuple[float, ...]) -> None:
    told = SandboxServer(**config).limits()
    assert (told["burst"], told["per_second"], told["operating_limit"]) == limits


@pytest.mark.parametrize(
    ("config", "license", "family"),
    [
        ({}, "ru_std", "std"),
        ({"license_family": "ent"}, "ru_ent", "ent"),
        ({"selfhosted": True}, "ru_selfhosted", "selfhosted"),
    ],
)
def test_the_plan_is_told_to_the_application_and_to_the_webhook(
    config: dict[str, Any], license: str, family: str
) -> None:
    with SandboxServer(**config) as server:
        info = Caller(server).result("app.info")
        assert (info["LICENSE"], info["LICENSE_TYPE"], info["LICENSE_FAMILY"]) == (license, family, family)
        assert requests.get(server.webhook_url() + "app.info").json()["result"]["LICENSE"] == license


def test_a_box_has_no_limits_and_counts_no_seconds() -> None:
    with SandboxServer(selfhosted=True, seconds={"profile": 500.0}) as server:
        app = Caller(server)
        answers = [app.call("profile") for _ in range(60)]
        assert {status for status, _ in answers} == {200}
        assert not {"operating", "operating_reset_at"} & set(answers[-1][1]["time"])
        assert "operating" not in app.batch({"a": "profile"})["result_time"]["a"]
        assert app.result("feature.get", CODE="rest_offline_extended") == {"value": "Y"}


@pytest.fixture
def old() -> Any:
    with SandboxServer(burst=0, without=("crm.activity.*", "Profile"), without_events=("OnAppTest",)) as server:
        yield Caller(server)


def test_a_missing_method_is_not_there_for_anybody(old: Caller) -> None:
    assert old.call("crm.activity.list")[1]["error"] == "ERROR_METHOD_NOT_FOUND"
    assert old.batch({"a": "profile"})["result_error"]["a"]["error"] == "ERROR_METHOD_NOT_FOUND"
    assert old.result("method.get", name="crm.activity.list") == {"isExisting": False, "isAvailable": False}
    assert old.result("method.get", name="crm.contact.list") == {"isExisting": True, "isAvailable": True}
    assert not {"profile", "crm.activity.list"} & set(old.result("methods"))


def test_a_missing_event_cannot_be_bound(old: Caller) -> None:
    assert "ONAPPTEST" not in old.result("events")
    _, body = old.call("event.bind", event="OnAppTest", handler="http://127.0.0.1:9/e")
    assert body["error"] == "ERROR_EVENT_NOT_FOUND"
    assert old.result("event.bind", event="OnAppUninstall", handler="http://127.0.0.1:9/e") is True
