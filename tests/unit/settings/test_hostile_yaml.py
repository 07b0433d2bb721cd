from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.settings import SettingsMistakesError

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + previous] * 10)}]\n"
    for previous, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGE_BOMB = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{','.join(['*' + previous] * 10)}]}}\n"
    for previous, name in zip("abcdefgh", "bcdefghi", strict=True)
)

HOSTILE = {
    "an alias bomb": BOMB,
    "a merge bomb": MERGE_BOMB,
    "deep lists": "[" * 20_000,
    "deep mappings": "{a: " * 500 + "1" + "}" * 500,
    "a document that contains itself": "portals: &a [*a]",
    "more than a mebibyte": "# " + "x" * 1024 * 1024,
    "nothing": "",
    "a list": "- portals\n",
    "a word": "portals",
    "tabs": "portals:\n\tmain: 1\n",
    "binary": b"\x00\x01\x02\xff\xfe",
    "another encoding": "portals: {имя: 1}".encode("utf-16"),
    "control characters": "portals: \x07\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "a Python tag": "portals: !!python/object/apply:os.system ['true']\n",
    "an unknown tag": "portals: !wrong 1\n",
    "an unknown alias": "portals: *nobody\n",
    "a list as a key": "? [a, b]\n: 1\n",
    "a number beyond reason": "portals: {main: {budget: {burst: " + "9" * 5000 + "}}}\n",
    "a broken quote": 'portals: "main\n',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_a_told_mistake(desk, name):
    refused = desk.refused(HOSTILE[name])
    assert refused.mistakes[0].file == "connector.yaml"
    assert refused.mistakes[0].line >= 1
    assert len(str(refused)) < 5000


def test_tabs_get_their_own_hint(desk):
    assert "tabs" in desk.refused(HOSTILE["tabs"]).mistakes[0].hint.en


def test_a_duplicate_key_is_told_with_both_lines(desk, portal):
    mistake = desk.mistake(portal + "limits: {body: 2048}\nlimits: {body: 4096}\n", "limits")
    assert (mistake.line, "line 2" in mistake.hint.en) == (3, True)


def test_a_wrong_place_for_a_variable_is_told(desk, portal):
    mistake = desk.mistake(
        portal + 'accounts: {shop: {provider: chat, portal: main, token: "${A B}"}}', "accounts.shop.token"
    )
    assert "$${" in mistake.hint.en


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="portalsmin: {}[]&*!|>\n-?#'\"%@`<$\t1,", max_size=120))
def test_no_text_crashes_the_loader(desk, text):
    with contextlib.suppress(SettingsMistakesError):
        assert desk.load(text).portals
