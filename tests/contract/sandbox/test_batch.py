"""``batch`` with its oddities (facts/bitrix24-platform.md §3.4)."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import requests

from tests.contract.sandbox.caller import Caller


def test_it_answers_200_even_when_every_command_failed(app: Caller) -> None:
    answer = app.batch({"a": "no.such", "b": "crm.contact.get?id=5"})
    assert answer["result"] == []
    assert answer["result_error"]["a"]["error"] == "ERROR_METHOD_NOT_FOUND"
    assert answer["result_error"]["b"]["error"] == ""


def test_a_command_that_is_no_text_vanishes(app: Caller) -> None:
    answer = app.batch({"a": "profile", "b": {"method": "profile"}, "c": 5})
    assert set(answer["result"]) == {"a"}
    assert answer["result_error"] == []


def test_numeric_keys_come_back_as_a_list_and_a_gap_makes_a_map(app: Caller) -> None:
    assert isinstance(app.batch(["server.time", "server.time"])["result"], list)
    mixed = app.batch(["no.such", "server.time"])
    assert set(mixed["result"]) == {"1"}
    assert isinstance(mixed["result_error"], list)


def test_only_the_first_fifty_run(app: Caller) -> None:
    answer = app.batch({f"c{number}": "server.time" for number in range(52)})
    assert len(answer["result"]) == 50
    assert {key: error["error"] for key, error in answer["result_error"].items()} == dict.fromkeys(
        ("c50", "c51"), "ERROR_BATCH_LENGTH_EXCEEDED"
    )


def test_a_batch_inside_a_batch_is_refused(app: Caller) -> None:
    answer = app.batch({"a": "batch?cmd[x]=profile"})
    assert answer["result_error"]["a"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"


def test_halt_leaves_no_trace_of_later_commands(app: Caller) -> None:
    commands = {"a": "server.time", "b": "no.such", "c": "server.time"}
    halted, free = app.batch(commands, halt=1), app.batch(commands, halt=0)
    assert (set(halted["result"]), set(free["result"])) == ({"a"}, {"a", "c"})


@pytest.mark.parametrize(("halt", "stops"), [("0", False), ("false", True), (False, False), ("1", True)])
def test_halt_has_the_truth_of_php(app: Caller, halt: object, stops: bool) -> None:
    answer = app.batch({"a": "no.such", "b": "server.time"}, halt=halt)
    assert ("b" not in answer["result"]) is stops


def test_a_reference_carries_a_result_to_the_next_command(app: Caller) -> None:
    answer = app.batch(
        {
            "new": "crm.contact.add?fields[NAME]=Ann",
            "it": "crm.contact.get?id=" + quote("$result[new]"),
            "row": "crm.contact.list?filter[ID]=" + quote("$result[it][ID]"),
            "again": "crm.contact.get?id=" + quote("$result[row][0][ID]"),
        }
    )
    assert answer["result_error"] == []
    assert answer["result"]["again"]["NAME"] == "Ann"


def test_an_unresolved_tail_yields_the_deepest_parent(app: Caller) -> None:
    answer = app.batch(
        {
            "a": "crm.contact.add?fields[NAME]=Ann",
            "scalar": "crm.contact.add?fields[NAME]=" + quote("$result[a][NOPE]"),
            "all": "crm.contact.add?fields[NAME]=" + quote("$result[zz]"),
            "x": "crm.contact.get?id=" + quote("$result[scalar]"),
            "y": "crm.contact.get?id=" + quote("$result[all]"),
        }
    )["result"]
    assert answer["x"]["NAME"] == str(answer["a"])
    assert answer["y"]["NAME"] == {"a": answer["a"], "scalar": answer["scalar"]}


def test_a_users_text_is_rewritten(app: Caller) -> None:
    text = quote("price $result[a] and $result[zz] stay")
    answer = app.batch(
        {
            "a": "crm.contact.add?fields[NAME]=Ann",
            "b": f"crm.contact.add?fields[NAME]={text}",
            "c": "crm.contact.get?id=" + quote("$result[b]"),
        }
    )
    assert answer["result"]["c"]["NAME"] == f"price {answer['result']['a']} and $result[zz] stay"


def test_a_raw_hash_cuts_the_parameters(app: Caller) -> None:
    answer = app.batch(
        {"a": "crm.contact.add?fields[NAME]=A#B&fields[LAST_NAME]=C", "b": "crm.contact.get?id=$result[a]"}
    )
    assert answer["result"]["b"]["NAME"] == "A"
    assert "LAST_NAME" not in answer["result"]["b"]


def test_lists_have_totals_and_nexts_of_their_own(app: Caller) -> None:
    app.server.seed("contact", 60)
    answer = app.batch(
        {"long": "crm.contact.list", "short": "crm.contact.list?start=50", "fast": "crm.contact.list?start=-1"}
    )
    assert answer["result_total"] == {"long": 60, "short": 60, "fast": 0}
    assert answer["result_next"] == {"long": 50}
    assert set(answer["result_time"]) == {"long", "short", "fast"}


def test_a_form_body_is_encoded_twice(app: Caller) -> None:
    body = {"auth": app.grant["access_token"], "cmd[a]": "crm.contact.add?fields[NAME]=A%26B", "halt": "0"}
    number = requests.post(app.grant["client_endpoint"] + "batch", data=body).json()["result"]["result"]["a"]
    assert app.result("crm.contact.get", id=number)["NAME"] == "A&B"


def test_a_failed_outer_call_runs_nothing(app: Caller) -> None:
    app.server.expire_tokens()
    status, body = app.call("batch", cmd={"a": "crm.contact.add?fields[NAME]=Ann"})
    assert (status, body["error"]) == (401, "expired_token")
    assert app.server.state()["crm"]["contact"] == 0
