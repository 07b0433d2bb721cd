"""Things that are parked or wait, as the bench and the lanes show them."""

from __future__ import annotations

import re
from typing import Any

from connector.journal import Journal, Lease
from connector.speech import Text
from tests.contract.journal.making import MAIN, an_envelope, settle
from tests.unit.webhooks.console.conftest import Browser

LIST = "/ops/parked/list"
PREVIEW = "/ops/parked/preview"

HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(1)>'javascript:alert(1) {{ 7*7 }}\u202e"""
HINT = Text("Mend `it`, then retry", "Почините `это` и повторите")


def put(journal: Journal, *new: Any, **envelope: Any) -> str:
    """One envelope with these deliveries; its trace."""
    made = an_envelope(**envelope)
    assert journal.accept(made, new)
    return made.trace


def park(
    journal: Journal,
    *new: Any,
    destination: str = MAIN,
    cause: str = "portal.refused",
    detail: str = "the portal's words",
    **envelope: Any,
) -> list[int]:
    """Puts these deliveries and parks all that waits there; the ids, in order."""
    put(journal, *new, **envelope)
    lease = _leased(journal, destination)
    ids: list[int] = []
    while claimed := journal.claim(lease, lanes=99):
        settle(journal, lease, *claimed, state="parked", cause=cause, hint=HINT, detail=detail)
        ids += [id_ for delivery in claimed for id_ in delivery.ids]
    journal.leave(lease)
    return sorted(ids)


def park_request(journal: Journal, key: str = "", **changes: Any) -> str:
    """A request that could not be read; its trace."""
    made = {"state": "parked", "cause": "parse.failed", "hint": HINT, "detail": "KeyError", **changes}
    envelope = an_envelope(key, **made)
    assert journal.accept(envelope, [])
    return envelope.trace


def _leased(journal: Journal, destination: str) -> Lease:
    lease = journal.lease(destination)
    assert lease is not None
    return lease


def press(browser: Browser, preview: str, why: str = "mended", **changes: str) -> Any:
    """Send the form of a preview, as a person does."""
    page = browser.get(preview).text
    form = re.search(r'<form class="actions bench" method="post".*?</form>', page, re.S)
    assert form, page
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', form[0])
    return browser.post("/ops/parked/deed", {**dict(fields), "why": why, **changes})
