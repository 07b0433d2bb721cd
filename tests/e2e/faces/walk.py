"""Every page of the console: the list comes from the application itself, so a new page is walked from its first day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.bootstrap import Connector
from webhooks.app import create_app

# A stream, files, and what programs read are no pages.
_NO_PAGES = frozenset({"ops.live", "ops.static", "ops.sync_json", "ops.source_json", "ops.run_json"})


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One page on the way."""

    endpoint: str
    path: str


def stops(house: Connector, places: Mapping[str, Sequence[object]]) -> list[Stop]:
    """All pages that are opened by GET, with each of ``places`` (``{"trace": […], "ops.user.name": […]}``: by argument,
    or by endpoint and argument when it means something else there)."""
    app = create_app(house)
    found: list[Stop] = []
    with app.test_request_context():
        urls = app.url_map.bind("edge.example")
        for rule in app.url_map.iter_rules():
            if not rule.endpoint.startswith("ops.") or "GET" not in (rule.methods or ()) or rule.endpoint in _NO_PAGES:
                continue
            for values in _combined(rule.endpoint, sorted(rule.arguments), places):
                found.append(Stop(endpoint=rule.endpoint, path=urls.build(rule.endpoint, values)))
    return list({stop.path: stop for stop in found}.values())


def posts(house: Connector, places: Mapping[str, Sequence[object]]) -> list[str]:
    """All addresses that take a form."""
    app = create_app(house)
    found: set[str] = set()
    with app.test_request_context():
        urls = app.url_map.bind("edge.example")
        for rule in app.url_map.iter_rules():
            if rule.endpoint.startswith("ops.") and "POST" in (rule.methods or ()):
                values = _combined(rule.endpoint, sorted(rule.arguments), places)[0]
                found.add(urls.build(rule.endpoint, values, method="POST"))
    return sorted(found)


def _combined(endpoint: str, names: Sequence[str], places: Mapping[str, Sequence[object]]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [{}]
    for name in names:
        values = places.get(f"{endpoint}.{name}", places.get(name))
        assert values is not None, f"{endpoint} takes {name!r}: say in the test which to open"
        rows = [{**row, name: value} for row in rows for value in values]
    return rows
