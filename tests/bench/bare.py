"""What the intake is compared with: the smallest Flask application there is."""

from __future__ import annotations

from flask import Flask

app = Flask("bare")


@app.post("/hooks/<account>")
def hook(account: str) -> tuple[str, int]:
    """204, whatever came."""
    return "", 204
