"""What ``/metrics`` tells of the portals."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.webhooks.world import NOW, World


def lines(world: World, name: str) -> dict[str, float]:
    text = world.browser().get("/metrics").text
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(name + "{")]
    return {labels.removeprefix(name): float(value) for labels, value in rows}


def test_each_portal_has_one_state_of_all(world: World):
    kept = world.journal.installations["main"]
    world.journal.installations["main"] = replace(kept, state="blocked")
    states = lines(world, "connector_portal_state")
    assert len(states) == 7
    assert [labels for labels, value in states.items() if value] == ['{portal="main",state="blocked"}']


def test_a_portal_never_installed_says_so(world: World):
    world.journal.installations.clear()
    states = lines(world, "connector_portal_state")
    assert [labels for labels, value in states.items() if value] == ['{portal="main",state="not_installed"}']
    assert lines(world, "connector_token_age_seconds") == {}


def test_the_age_of_the_tokens_counts_from_their_renewal(world: World, clock):
    assert world.journal.installations["main"].grant.expires_at > NOW
    clock.advance(7200)
    assert lines(world, "connector_token_age_seconds") == {'{portal="main"}': 7200.0}


def test_the_twenty_hungriest_methods_are_told(world: World):
    rows = {f"m{number:02}": {"seconds": float(number)} for number in range(30)}
    world.portals["main"].budget.rows = rows
    told = lines(world, "connector_operating_seconds")
    assert len(told) == 20
    assert told['{method="m29",portal="main"}'] == 29.0
    assert '{method="m09",portal="main"}' not in told


def test_the_figures_of_the_budget_are_the_houses_own(world: World):
    told = lines(world, "connector_budget")
    assert told['{portal="main",what="used"}'] == 3.0
    assert told['{portal="main",what="burst"}'] == 50.0


def test_stops_are_counted_where_every_process_counts(world: World):
    world.journal.links["stops", "main"] = {"blocked": 2}
    assert lines(world, "connector_portal_stops_total") == {'{portal="main",state="blocked"}': 2.0}
