"""Every command, restart and test pays for what a process loads at its start: what few of them need waits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROCESSES = "import jobs.clock, jobs.listen, jobs.worker, webhooks.app; from connector import registry"
LATER = """aiohttp alembic fast_bitrix24 fsspec ldap3 mako openpyxl paramiko psycopg pymysql connector.demo
connector.portal.bulk connector.sandbox connector.sync.engine"""
TELL = "import sys; print([name for name in {names!r}.split() if name in sys.modules])"


@pytest.mark.parametrize(
    ("loading", "later"),
    [
        ("import connector.cli", "pydantic redis requests sqlalchemy yaml connector.bootstrap connector.settings"),
        (PROCESSES + "; registry.providers()", LATER),
    ],
    ids=["the command line", "the processes"],
)
def test_what_few_need_is_not_loaded_at_the_start(loading: str, later: str, root: Path):
    command = [sys.executable, "-c", f"{loading}\n{TELL.format(names=later)}"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.strip() == "[]"


def test_a_schema_that_is_up_to_date_is_found_so_without_alembic(tmp_path: Path, root: Path):
    opening = "from connector.journal import Vault, open_journal\nopen_journal({url!r}, Vault(['k' * 40])).ping()\n"
    opening = opening.format(url=f"sqlite:///{tmp_path}/connector.db")
    told = [
        subprocess.run(
            [sys.executable, "-c", opening + TELL.format(names="alembic")],
            cwd=root, capture_output=True, text=True, timeout=100, check=True,
        ).stdout.strip()
        for _ in range(2)
    ]  # fmt: skip
    assert told == ["['alembic']", "[]"]
