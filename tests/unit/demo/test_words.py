from __future__ import annotations

import re

import pytest

from connector.demo.page import language
from connector.demo.rooms import FILES
from connector.demo.words import PHONE, PHRASES, SHOP, STEPS, WORDS

SAID = re.compile(r"\bsay\(\s*\"(\w+)\"")
RUSSIAN = re.compile("[а-яё]", re.IGNORECASE)
SAME = {"Telegram"}


@pytest.mark.parametrize("words", [WORDS, PHONE, SHOP], ids=["page", "phone", "shop"])
def test_everything_is_said_in_both_languages(words):
    wrong = [name for name, text in words.items() if RUSSIAN.search(text.en) or not text.en]
    untold = [
        name
        for name, text in words.items()
        if not RUSSIAN.search(text.ru + "а" * (text.ru in SAME or text.ru[0].isdigit()))
    ]
    assert not wrong
    assert not untold


def test_steps_and_phrases_are_said_in_both_languages():
    for text in (*PHRASES, *(part for step in STEPS.values() for part in step)):
        assert RUSSIAN.search(text.ru)
        assert not RUSSIAN.search(text.en)


@pytest.mark.parametrize(
    ("script", "words"), [("demo.js", WORDS), ("tour.js", WORDS), ("warehouse.js", WORDS), ("phone.js", PHONE)]
)
def test_scripts_say_only_what_is_written_down(script: str, words):
    asked = set(SAID.findall((FILES / script).read_text(encoding="utf-8")))
    assert asked
    assert asked <= set(words)


def test_every_state_of_the_telephone_is_told():
    script = (FILES / "call.js").read_text(encoding="utf-8")
    assert set(re.findall(r"\bcall_[a-z_]+(?=[`\"])", script)) <= set(WORDS)
    states = [f"call_{state}" for state in ("idle", "calling", "called", "talking", "over")]
    assert {*states, *(f"{state}_about" for state in states)} <= set(WORDS)


def test_no_page_has_a_script_or_a_style_in_it():
    for page in FILES.glob("*.html"):
        body = page.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son\w+=|<style", body), page.name
        assert "|safe" not in body


@pytest.mark.parametrize(
    ("asked", "accepted", "told"),
    [
        ("", "ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("", "de-DE,de;q=0.9,ru;q=0.5", "ru"),
        ("", "fr", "en"),
        ("en", "ru-RU", "en"),
        ("<script>", "", "en"),
    ],
)
def test_the_language_is_the_asked_one_else_the_browsers(asked: str, accepted: str, told: str):
    assert language(asked, accepted) == told
