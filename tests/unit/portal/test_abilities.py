from __future__ import annotations

import pytest

from connector.errors import PermanentError
from tests.unit.portal.world import World, denied, grant, info


def refused(world: World, method: str, portal) -> str:
    with pytest.raises(PermanentError) as caught:
        portal.call(method)
    return caught.value.cause


def test_a_method_that_the_portal_lacks_is_asked_once_in_ten_minutes(world: World):
    world.answer("x.y", denied("ERROR_METHOD_NOT_FOUND", "Method not found!"), 404)
    portal = world.portal()
    for name in ("x.y", "X.Y", "x.y"):
        assert refused(world, name, portal) == "bitrix24.no_such_method"
    assert len(world.sent("x.y")) == 1
    world.clock.pass_(600)
    world.wire.replace("POST", "https://acme.bitrix24.ru/rest/x.y.json", json={"result": 1})
    assert portal.call("x.y") == 1


def test_a_method_that_refused_for_another_reason_is_asked_again(world: World):
    world.answer("x.y", denied("ERROR_ARGUMENT"), 400)
    portal = world.portal()
    for _ in range(2):
        assert refused(world, "x.y", portal) == "bitrix24.bad_argument"
    assert len(world.sent("x.y")) == 2


def test_an_installation_may_bring_new_methods(world: World):
    world.answer("x.y", denied("ERROR_METHOD_NOT_FOUND"), 404)
    world.answer("x.y", {"result": 1})
    world.app_info(info())
    portal = world.portal()
    refused(world, "x.y", portal)
    portal.adopt(grant(access_token="access-5"))
    assert portal.call("x.y") == 1
