"""Writes webhooks/chat/static/widget.js, the script that sites embed, from its parts (needs node: `make widget`)."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "webhooks" / "chat" / "static"
PARTS = ("words", "store", "wire", "rows", "panel", "talk", "outbox", "start")
TERSER = ("npx", "--yes", "terser@5.51.4", "--compress", "passes=3,unsafe_arrows=true", "--mangle", "--ecma", "2020")
FRAME = '(()=>{{"use strict";if(window.ConnectorChat)return;const ME=document.currentScript;{parts}}})();'


def stamp(parts: str) -> str:
    """The first line of the script: what it was made from."""
    return f"// make widget {hashlib.sha256(parts.encode()).hexdigest()[:16]}\n"


def joined() -> str:
    """The parts in one, not yet small."""
    return "\n".join((STATIC / "widget" / f"{part}.js").read_text(encoding="utf-8") for part in PARTS)


def smaller(script: str) -> str:
    """What terser makes of it. Leaves with a word on what to do when node is not there or terser is not content."""
    if shutil.which(TERSER[0]) is None:
        sys.exit("`make widget` needs node with npx: install it and run this again. Nothing else here needs it.")
    done = subprocess.run(TERSER, input=script, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stderr.strip()}\nterser made nothing of it, widget.js stays as it was: mend the parts above.")
    return done.stdout


def main() -> None:
    parts = joined()
    small = smaller(FRAME.format(parts=parts))
    written = stamp(parts) + small.strip() + "\n"
    (STATIC / "widget.js").write_text(written, encoding="utf-8")
    print(f"widget.js: {len(written.encode())} bytes")


if __name__ == "__main__":
    main()
