"""``python -m connector.sandbox``."""

from __future__ import annotations

from connector.sandbox.cli import sandbox

if __name__ == "__main__":
    sandbox(prog_name="connector sandbox")
