"""A dry run of people names those whom the run then dismisses, and nobody whom it keeps."""

from __future__ import annotations

from tests.integration.sync.test_targets import foreseen, members, people
from tests.integration.sync.world import World


def _told(world: World) -> set[tuple[str, int]]:
    found = foreseen(world).people
    assert found is not None
    return {(one.what, one.user) for one in found.changes if one.what != "learned"}


def _dismissing(world: World, count: int) -> int:
    group = people(world, count)
    access = world.connector.settings.sources["shipments"].access
    assert access is not None
    world.settings(access=access.model_copy(update={"dismiss": True}))
    return group


def test_whom_the_run_would_dismiss_the_dry_run_names(world: World):
    _dismissing(world, 20)
    world.run()
    del world.script.rows[sorted(world.script.rows)[0]]
    before = _told(world)
    world.run()
    dismissed = {("dismissed", int(user["ID"])) for user in world.house.sandbox.users() if not user["ACTIVE"]}
    assert len(dismissed) == 1
    assert dismissed <= before, before


def test_nobody_whose_row_is_broken_is_foreseen_to_lose_anything(world: World):
    group = people(world, 20)
    world.run()
    world.script.broken = {sorted(world.script.rows)[0]}
    told = _told(world)
    world.run()
    assert members(world, group) == 20
    assert told == set(), told


def test_of_a_tombstone_the_dry_run_tells_the_same(world: World):
    _dismissing(world, 20)
    world.run()
    name = sorted(world.script.rows)[0]
    del world.script.rows[name]
    world.script.gone = {name}
    before = _told(world)
    world.run()
    dismissed = {("dismissed", int(user["ID"])) for user in world.house.sandbox.users() if not user["ACTIVE"]}
    assert dismissed, "nobody was dismissed"
    assert dismissed <= before, before
