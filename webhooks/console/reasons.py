"""Who does it and why: no deed without a reason, which the audit keeps."""

from __future__ import annotations

from flask import g, request

from connector.errors import Refused
from connector.repair import Deed
from connector.speech import Text

_LONGEST = 500
_WHY = Text("Say why: it goes into the audit", "Напишите причину: она попадёт в аудит")


def reasoned() -> Deed:
    """The person at the browser, and the reason in the form. Raises ``Refused`` 400 without one."""
    why = request.form.get("why", "").strip()[:_LONGEST]
    if not why:
        raise Refused("console.why", hint=_WHY, status=400)
    return Deed(who=g.visitor.name, why=why)
