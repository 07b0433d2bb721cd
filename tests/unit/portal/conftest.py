from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from tests.unit.portal.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        made = World(wire)
        made.install()
        yield made
