"""Files that the machine refuses are told, with what to do."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from click.testing import CliRunner

from connector.cli import cli
from connector.cli.disk import trouble

DENIED = PermissionError(errno.EACCES, "Permission denied", "/srv/connector.yaml")


def test_a_file_that_may_not_be_written_is_told_in_both_languages(desk):
    def denied():
        raise DENIED

    for language, told in (("en", "this user may not"), ("ru", "этому пользователю нельзя")):
        shown = desk.run("status", "--lang", language, make=denied)
        assert shown.exit_code == 1
        assert "/srv/connector.yaml" in shown.stderr
        assert told in shown.stderr
        assert "CONNECTOR_DEBUG" not in shown.stderr


@pytest.mark.parametrize("number", [errno.EPERM, errno.EROFS, errno.ENOSPC, errno.ENOENT])
def test_every_trouble_has_a_way_out(number: int):
    found = trouble(OSError(number, "no", "/srv/x"))
    assert found
    assert all("/srv/x" in words for words in found[0])
    assert all(found[1])


@pytest.mark.parametrize("error", [OSError("no file at all"), OSError(errno.EIO, "broken", "/x"), ValueError("x")])
def test_anything_else_is_not_taken_for_one(error: Exception):
    assert trouble(error) is None


def test_init_says_where_it_may_not_write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("CONNECTOR_CONFIG", str(tmp_path / "nowhere" / "connector.yaml"))
    shown = CliRunner().invoke(cli, ["init", "--yes", "--lang", "ru"])
    assert shown.exit_code == 1
    assert "нет такого файла или папки" in shown.stderr
    assert "CONNECTOR_CONFIG" in shown.stderr
