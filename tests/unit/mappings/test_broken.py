"""Every broken file of ``broken/`` is told with one clear message: the one in its first line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mappings.faults import MOST_FAULTS, BrokenError
from mappings.loading import load
from tests.unit.mappings.shapes import BROKEN, KINDS, SETTINGS, told

FILES = sorted(BROKEN.glob("*.yaml"))
TABLES = {file.name: file.read_bytes() for file in sorted(BROKEN.glob("*.csv"))}


def faults_of(file: Path):
    with pytest.raises(BrokenError) as broken:
        load({"defaults/_settings.yaml": SETTINGS, file.name: file.read_bytes(), **TABLES}, KINDS)
    return broken.value.faults


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_is_told_in_one_clear_message(file: Path):
    expected = file.read_bytes().partition(b"\n")[0].decode().removeprefix("# ")
    assert [fault.words("en") for fault in faults_of(file)] == [expected]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_is_told_in_russian(file: Path):
    (fault,) = faults_of(file)
    assert all(re.search("(?i)[а-яё]{3}", words[1]) for words in (fault.said, fault.mend) if words[1] != words[0])
    assert re.search("(?i)[а-яё]{3}", fault.words("ru"))


def test_there_are_enough_of_them():
    assert len(FILES) >= 30


def test_a_file_of_ten_megabytes_is_refused_at_once():
    (words,) = told({"big.yaml": b"on: message.received\nabout: " + b"x" * 10_000_000})
    assert words == "big.yaml:1:1: The file is bigger than 1 MiB. Divide it into several files"


def test_all_faults_are_told_at_once_in_the_order_of_the_files():
    files = {
        "b.yaml": "on: mesage.received\nline: three\nwhen: evnt.text\n",
        "a.yaml": "on: message.received\nowner: nobody\n---\n\tx: 1\n---\non: message.received\nline: four\n",
    }
    assert [words.split(": ")[0] for words in told(files)] == [
        "a.yaml:2:8",
        "a.yaml:4:1",
        "a.yaml:7:7",
        "b.yaml:1:5",
        "b.yaml:2:7",
        "b.yaml:3:7",
    ]


def test_two_hundred_faults_are_listed_and_the_others_counted():
    with pytest.raises(BrokenError) as broken:
        load({"a.yaml": "on: message.received\ntags: [" + ", ".join(map(str, range(1, 251))) + "]\n"}, KINDS)
    assert (len(broken.value.faults), broken.value.more) == (MOST_FAULTS, 50)
    assert broken.value.words("en").endswith("\n… and 50 more")
    assert broken.value.words("ru").endswith("\n… и ещё 50")
