"""The runs of sources as jobs of RQ."""

from __future__ import annotations

from contextlib import closing

from jobs import queues, syncing
from tests.integration.sync.world import World
from tests.services import Redis


def test_one_job_of_a_source_waits_at_a_time_and_no_other_source_is_mistaken_for_it(redis_server: Redis):
    with closing(redis_server.client()) as redis:
        asked = ["orders-new", "orders", "orders_old", "orders", "orders-new"]
        assert [syncing.enqueue(redis, source) for source in asked] == [True, True, True, False, False]
        waiting = queues.queue(queues.SYNC, redis).get_jobs()
        assert [list(job.args) for job in waiting] == [["orders-new"], ["orders"], ["orders_old"]]


def test_a_source_leaves_after_its_turn_while_others_wait_and_goes_on_alone_otherwise(world: World):
    world.settings(page=10)
    world.fill(50)
    world.begin()
    asked: list[bool] = []

    def enough() -> bool:
        asked.append(True)
        return len(asked) > 2

    went = world.portion(enough=enough)
    assert went.state == "more"
    assert went.run is not None
    assert 0 < went.run.counts["read"] < 50
    assert world.portion().state == "over"


def test_who_cancels_waits_for_a_page_at_most(world: World):
    world.settings(page=10)
    world.fill(50)
    run = world.begin()
    world.script.meanwhile = lambda: world.connector.journal.note_source("shipments", wants="cancel")
    assert world.portion().state == "more"
    assert world.counts(run, "read") == (10,)
    assert world.portion().state == "over"
