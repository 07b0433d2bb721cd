"""Makes the code of this folder importable in its .venv, and the command `connector` beside its python."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = """#!/bin/sh
exec "{python}" -m connector "$@"
"""


def main() -> None:
    python = Path(sys.executable)
    Path(sysconfig.get_path("purelib"), "bitrix24-connector.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    launcher = python.parent / "connector"
    launcher.write_text(LAUNCHER.format(python=python), encoding="utf-8")
    launcher.chmod(0o755)


if __name__ == "__main__":
    main()
