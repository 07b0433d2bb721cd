from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_rooms_import_downwards_only(root: Path):
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_code_is_never_patched_in_tests(texts: dict[Path, str], root: Path):
    banned = (".".join(("mock", "patch")), ".".join(("monkeypatch", "setattr")), "import " + "patch")
    found = [
        f"{file.relative_to(root)}: {word}"
        for file, text in texts.items()
        if file.suffix == ".py"
        for word in banned
        if word in text
    ]
    assert not found
