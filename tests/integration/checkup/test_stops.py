"""Stops are counted once for all processes, and outlive them."""

from __future__ import annotations

from tests.integration.portal.world import World


def test_only_a_change_into_a_stopped_state_counts(world: World):
    journal = world.connector.journal
    for state in ("blocked", "blocked", "active", "blocked", "suspended", "active"):
        journal.set_state("main", state, "why")
    assert journal.recall("stops", "main") == {"blocked": 2, "suspended": 1}
