from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from connector.sandbox import SandboxServer

ROOT = Path(__file__).parents[3]
ROWS = 60_000
MOST_KIB = 6 * 1024


@pytest.mark.slow
def test_a_list_of_any_length_is_read_in_the_same_memory():
    with SandboxServer(burst=0, operating_limit=0) as sandbox:
        sandbox.seed("contact", ROWS)
        command = [sys.executable, "-m", "tests.contract.portal.list_reader", sandbox.webhook_url()]
        told = json.loads(subprocess.check_output(command, cwd=ROOT, timeout=110))
    assert told["rows"] == ROWS
    assert told["pages"] == ROWS / 50
    assert told["grown"] < MOST_KIB
