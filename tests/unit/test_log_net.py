"""The net under all tests catches what it is there for: seen from outside, in a run of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import log_net

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = {
    "access or refresh token": "5f" * 35,
    "application token or secret key": f"{log_net.MARK}0123456789abcdef0123",
    "client secret": "sandbox-secret",
    "webhook code": "/rest/1/sandboxwebhookcode/",
    "Telegram token": "100000001:stand-in-token-of-the-demo",
    "Telegram secret": "stand-in-secret-of-the-demo",
    "generic secret": "whsec_c3RhbmQtaW4tc2VjcmV0LW9mLXRoZS1kZW1vLTAwMQ==",
    "password in a URL": "redis://:planted-password@redis/0",
    "signature of a file": "?FILE_ID=7&SIGN=" + "0f" * 16,
    "name of a client": "Dmitri",
    "telephone of a client": "+7 900 111-22-33",
    "mailbox of a client": "planted.person@example.org",
    "text of a message": "planted words",
}
HEAD = """
import sys
import structlog

def test_it(tmp_path):
    """
LEAKS = {
    "a log line": 'structlog.get_logger().info("the client is Zinaida")',
    "a traceback": """
    try:
        raise ValueError("planted words")
    except ValueError:
        structlog.get_logger().exception("failed")""",
    "a library": 'import logging; logging.getLogger("theirs").debug("asked for Zinaida")',
    "a file of a process": '(tmp_path / "worker.log").write_text("planted words")',
    "stderr": 'print("planted words", file=sys.stderr)',
}
HARMLESS = {
    "what the mask hides": 'structlog.get_logger().info("x", token="5f" * 35, at="redis://:planted-password@redis/0")',
    "nothing": "pass",
}


@pytest.mark.parametrize("kind", log_net.KINDS)
def test_every_kind_is_recognised(kind: str):
    ((found, line),) = log_net.kinds(f"before {SAMPLES[kind]} after")
    assert found == kind
    assert SAMPLES[kind] not in line


def run(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    """One test in a run of pytest that has the net."""
    test = folder / "test_one.py"
    test.write_text(HEAD + body + "\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.log_net", "-q", "--rootdir", str(folder), str(test)]
    basetemp = ["--basetemp", str(folder / "tmp"), "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *basetemp], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    shutil.rmtree(folder / "tmp", ignore_errors=True)  # the net of this run looks for such files as well
    return done


@pytest.mark.parametrize("leak", LEAKS)
def test_a_run_with_a_leak_fails_and_names_where_and_what_but_not_the_value(tmp_path: Path, leak: str):
    done = run(tmp_path, LEAKS[leak])
    assert done.returncode == 1, done.stdout
    told = done.stdout.partition("Captured")[0] + done.stdout.rpartition("logs =")[2]
    assert "test_one.py::test_it" in told or "worker.log" in told
    assert "name of a client" in told or "text of a message" in told


@pytest.mark.parametrize("body", HARMLESS)
def test_a_run_without_a_leak_passes(tmp_path: Path, body: str):
    done = run(tmp_path, HARMLESS[body])
    assert done.returncode == 0, done.stdout
