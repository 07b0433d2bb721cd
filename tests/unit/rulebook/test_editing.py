"""A rule file that somebody edits: compiled with all others, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import PermanentError
from connector.rulebook import editing
from connector.rulebook.folder import contents
from connector.rulebook.kinds import KINDS
from mappings.faults import BrokenError
from mappings.loading import load

RULE = "version: 1\non: record.orders\ntags: [late]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "orders.yaml").write_text(RULE, encoding="utf-8")
    return tmp_path


def test_the_files_of_a_kind_are_named_also_packaged_ones(folder: Path):
    found = load(contents(folder), KINDS)
    assert editing.files_on("record.orders", found) == ["orders.yaml"]
    assert "categories.yaml" in editing.files_on("message.received", found)
    assert editing.text_of(folder, "orders.yaml") == RULE
    assert "default.information" in editing.text_of(folder, "categories.yaml")
    assert editing.text_of(folder, "none.yaml") == ""


def test_a_draft_is_compiled_with_all_other_files_and_nothing_is_written(folder: Path):
    found = editing.drafted(folder, "orders.yaml", RULE.replace("late", "lost"))
    assert found.version != load(contents(folder), KINDS).version
    with pytest.raises(BrokenError) as wrong:
        editing.drafted(folder, "orders.yaml", "version: 1\non: record.orders\nscore: {x: {when: 'record.'}}\n")
    assert {fault.file for fault in wrong.value.faults} == {"orders.yaml"}
    assert editing.text_of(folder, "orders.yaml") == RULE


def test_what_is_sound_is_written_whole_and_keeps_its_rights(folder: Path):
    (folder / "orders.yaml").chmod(0o640)
    new = RULE.replace("late", "поздно")
    editing.written(folder, "orders.yaml", new, was=editing.stamp(RULE))
    assert (folder / "orders.yaml").read_text(encoding="utf-8") == new
    assert (folder / "orders.yaml").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in folder.iterdir()] == ["orders.yaml"]


def test_a_file_that_somebody_else_changed_is_not_overwritten(folder: Path):
    with pytest.raises(PermanentError, match=r"mapping\.changed"):
        editing.written(folder, "orders.yaml", RULE, was=editing.stamp("what it was"))


def test_what_is_broken_is_never_written(folder: Path):
    with pytest.raises(BrokenError):
        editing.written(folder, "orders.yaml", "on: nothing", was=editing.stamp(RULE))
    assert (folder / "orders.yaml").read_text(encoding="utf-8") == RULE


@pytest.mark.parametrize("name", ["../evil.yaml", "/etc/x.yaml", "a/b.yaml", ".hidden.yaml", "x.csv", "x.yaml\n", ""])
def test_only_a_plain_name_is_a_file(folder: Path, name: str):
    with pytest.raises(PermanentError, match=r"mapping\.no_name"):
        editing.written(folder, name, RULE, was=editing.stamp(""))


def test_without_a_folder_nothing_can_be_written(tmp_path: Path):
    with pytest.raises(PermanentError, match=r"mapping\.no_folder"):
        editing.written(None, "orders.yaml", RULE, was=editing.stamp(""))
    assert not editing.writable(None)
    made = tmp_path / "rules"
    assert editing.writable(made)  # it is made when the first file is written
    editing.written(made, "orders.yaml", RULE, was=editing.stamp(""))
    assert (made / "orders.yaml").is_file()
