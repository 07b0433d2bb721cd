"""Writes webhooks/chat/static/widget.js, the script that sites embed, from its parts (needs node: `make widget`)."""

from __future__ import annotations

import hashlib
import subprocess
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


def main() -> None:
    parts = joined()
    small = subprocess.run(TERSER, input=FRAME.format(parts=parts), capture_output=True, text=True, check=True).stdout
    written = stamp(parts) + small.strip() + "\n"
    (STATIC / "widget.js").write_text(written, encoding="utf-8")
    print(f"widget.js: {len(written.encode())} bytes")


if __name__ == "__main__":
    main()
