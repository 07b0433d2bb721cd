"""``/bitrix24/events`` and ``/bitrix24/install``: only the portal that proves itself; no token at rest in the open."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from connector.domain.events import AppInstalled, DialogStarted, ReplyWritten
from connector.errors import Refused, TransientError
from connector.speech import Text
from tests.unit.webhooks.world import APPLICATION_TOKEN, MEMBER, PORTAL_URL, World, installation

AUTH = {"auth[member_id]": MEMBER, "auth[application_token]": APPLICATION_TOKEN, "auth[access_token]": "at" * 20}


def reply(*messages: tuple[str, str], **more: str) -> dict[str, str]:
    form = {"event": "ONIMCONNECTORMESSAGEADD", "data[CONNECTOR]": "cabc123_fake", "data[LINE]": "3", "ts": "1", **AUTH}
    for index, (chat, number) in enumerate(messages):
        place = f"data[MESSAGES][{index}]"
        form |= {
            f"{place}[im][chat_id]": "18",
            f"{place}[im][message_id]": number,
            f"{place}[message][user_id]": "27",
            f"{place}[message][text]": "[b]Ann:[/b] [br]hello",
            f"{place}[chat][id]": chat,
        }
    return form | more


def install(**more: str) -> dict[str, str]:
    return {
        "event": "ONAPPINSTALL",
        "data[VERSION]": "1",
        **AUTH,
        "auth[refresh_token]": "rt" * 20,
        "auth[domain]": "acme.bitrix24.ru",
        "auth[client_endpoint]": f"{PORTAL_URL}/rest/",
        "auth[server_endpoint]": "https://oauth.bitrix.info/rest/",
        "auth[expires_in]": "3600",
        **more,
    }


def test_a_reply_goes_to_its_account(world: World):
    answer = world.browser().post("/bitrix24/events", data=reply(("shop.5", "77")))

    assert answer.status_code == 200
    (delivery,) = world.journal.deliveries
    assert isinstance(delivery.event, ReplyWritten)
    assert (delivery.destination, delivery.lane, delivery.position) == ("account:shop", "shop.5", 77)
    assert world.journal.envelopes[0].account == "portal:main"


def test_every_message_of_an_event_is_a_delivery_of_its_own(world: World):
    world.browser().post("/bitrix24/events", data=reply(("shop.5", "77"), ("bar.6", "78")))
    assert [d.destination for d in world.journal.deliveries] == ["account:shop", "account:bar"]


def test_the_second_handler_that_is_told_the_same_changes_nothing(world: World):
    browser = world.browser()
    for handler in ("1", "2"):
        browser.post("/bitrix24/events", data=reply(("shop.5", "77"), event_handler_id=handler))
    assert len(world.journal.kept) == 1


def test_no_token_is_kept_with_an_event(world: World):
    world.browser().post("/bitrix24/events", data=reply(("shop.5", "77")))
    kept = repr(world.journal.kept)
    assert "at" * 20 not in kept
    assert APPLICATION_TOKEN not in kept


@pytest.mark.parametrize(
    "wrong",
    [{"auth[application_token]": "x"}, {"auth[member_id]": "stranger"}, {"auth[application_token]": ""}],
)
def test_who_does_not_prove_itself_is_403_and_leaves_no_trace(world: World, wrong: dict[str, str]):
    answer = world.browser().post("/bitrix24/events", data=reply(("shop.5", "77"), **wrong))
    assert answer.status_code == 403
    assert world.journal.kept == []


def test_every_valid_application_token_is_believed(world: World):
    world.journal.installations["main"] = installation("main", MEMBER, "older", APPLICATION_TOKEN)
    answers = [
        world.browser().post("/bitrix24/events", data=reply(("shop.5", str(n)), **{"auth[application_token]": token}))
        for n, token in enumerate(("older", APPLICATION_TOKEN))
    ]
    assert [answer.status_code for answer in answers] == [200, 200]


def test_a_token_that_came_with_a_reinstall_is_believed_at_once(world: World):
    browser = world.browser()
    world.journal.installations["main"] = installation("main", MEMBER, "newer")
    answer = browser.post("/bitrix24/events", data=reply(("shop.5", "77"), **{"auth[application_token]": "newer"}))
    assert answer.status_code == 200


def test_a_reply_for_an_account_that_is_gone_parks_with_a_hint(world: World):
    answer = world.browser().post("/bitrix24/events", data=reply(("ghost.5", "77")))
    (envelope,) = world.journal.envelopes
    assert answer.status_code == 200
    assert (envelope.state, envelope.cause) == ("parked", "account.unknown")
    assert envelope.hint is not None
    assert envelope.trace in envelope.hint.ru


def test_one_unknown_account_does_not_hold_up_its_neighbours(world: World):
    world.browser().post("/bitrix24/events", data=reply(("shop.5", "77"), ("ghost.5", "78")))
    assert [envelope.state for envelope in world.journal.envelopes] == ["accepted", "parked"]
    assert [delivery.destination for delivery in world.journal.deliveries] == ["account:shop"]
    assert len({envelope.trace for envelope in world.journal.envelopes}) == 2


def test_an_event_that_cannot_be_read_is_kept_parked_and_answered_200(world: World):
    form = reply(("shop.5", "77"))
    del form["data[MESSAGES][0][chat][id]"]
    answer = world.browser().post("/bitrix24/events", data=form)
    assert answer.status_code == 200
    assert [(e.state, e.cause) for e in world.journal.envelopes] == [("parked", "portal.event_unreadable")]


def test_an_event_that_means_nothing_is_kept_as_ignored(world: World):
    world.browser().post("/bitrix24/events", data={"event": "ONCRMDEALADD", "ts": "1", **AUTH})
    assert [envelope.state for envelope in world.journal.envelopes] == ["ignored"]


def test_sessions_are_the_portals_own_business(world: World):
    place = "data[DATA][0]"
    form = {
        "event": "ONIMCONNECTORDIALOGSTART",
        "data[CONNECTOR]": "cabc123_fake",
        "data[LINE]": "3",
        f"{place}[connector][chat_id]": "shop.5",
        f"{place}[session][id]": "41",
        f"{place}[chat][id]": "shop.5",
        **AUTH,
    }
    world.browser().post("/bitrix24/events", data=form)
    (delivery,) = world.journal.deliveries
    assert isinstance(delivery.event, DialogStarted)
    assert delivery.destination == "portal:main"


def test_an_event_survives_the_database_being_away(world: World):
    browser = world.browser()
    world.journal.away = True
    answer = browser.post("/bitrix24/events", data=reply(("shop.5", "77")))
    assert answer.status_code == 200
    assert [delivery.destination for _, (delivery,) in world.spool.lines] == ["account:shop"]


def test_a_stranger_gains_nothing_from_the_database_being_away(world: World):
    browser = world.browser()
    world.journal.away = True
    form = reply(("shop.5", "77"), **{"auth[application_token]": "x"})
    assert browser.post("/bitrix24/events", data=form).status_code == 403
    form = reply(("shop.5", "77"), **{"auth[member_id]": "stranger"})
    assert browser.post("/bitrix24/events", data=form).status_code == 503
    assert world.spool.lines == []


def test_a_form_that_is_too_deep_is_refused(world: World):
    body = urlencode({"event" + "[a]" * 40: "1"})
    answer = world.browser().post("/bitrix24/events", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400


@pytest.mark.parametrize("address", ["/bitrix24/install", "/bitrix24/events"])
def test_an_installation_seals_its_tokens_and_waits_in_the_portals_lane(tmp_path, clock, address: str):
    world = World(tmp_path, clock)
    answer = world.browser().post(address, data=install())

    assert answer.status_code == 200
    (delivery,) = world.journal.deliveries
    assert delivery.event == AppInstalled(portal="main", grant="sealed:40")
    assert (delivery.destination, delivery.lane) == ("portal:main", "portal")
    assert "rt" * 20 not in repr(world.journal.kept)
    assert world.portals["main"].adopted == []


def test_an_installation_from_a_host_that_is_nobodys_is_verified_first(tmp_path, clock):
    world = World(tmp_path, clock, portals=("main", "second"))
    world.portals["main"].refuses = Refused("portal.other", hint=Text("other", "чужой"), status=403)
    moved = {"auth[domain]": "new.bitrix24.ru", "auth[client_endpoint]": "https://new.bitrix24.ru/rest/"}
    assert world.browser().post("/bitrix24/install", data=install(**moved)).status_code == 200

    assert len(world.portals["second"].adopted) == 1
    assert [d.event for d in world.journal.deliveries] == [AppInstalled(portal="second")]


def test_an_installation_that_is_nobodys_is_refused(tmp_path, clock):
    world = World(tmp_path, clock)
    world.install()
    foreign = {
        "auth[member_id]": "z",
        "auth[domain]": "x.bitrix24.ru",
        "auth[client_endpoint]": "https://x.bitrix24.ru/",
    }
    answer = world.browser().post("/bitrix24/install", data=install(**foreign))
    assert (answer.status_code, answer.json["error"]) == (403, "portal.unknown")
    assert world.journal.kept == []


def test_ringing_all_the_time_is_not_answered_all_the_time(world: World, clock):
    browser = world.browser()
    posts = [install(**{"auth[access_token]": f"token{n}"}) for n in range(12)]
    answers = [browser.post("/bitrix24/install", data=form).status_code for form in posts]
    assert answers[:10] == [200] * 10
    assert answers[-1] == 429


PAGE = {
    "AUTH_ID": "at" * 20,
    "REFRESH_ID": "rt" * 20,
    "AUTH_EXPIRES": "3600",
    "member_id": MEMBER,
    "PLACEMENT": "DEFAULT",
    "APPLICATION_TOKEN": APPLICATION_TOKEN,
}
WHERE = "/bitrix24/install?DOMAIN=acme.bitrix24.ru&PROTOCOL=1&APP_SID=x&LANG="


def test_the_page_adopts_at_once_and_tells_the_browser_to_finish(tmp_path, clock):
    world = World(tmp_path, clock)
    answer = world.browser().post(WHERE + "ru", data=PAGE)

    assert answer.status_code == 200
    assert "Коннектор установлен" in answer.text
    assert "BX24.installFinish()" in answer.text
    assert "api.bitrix24.com/api/v1/" in answer.text
    assert [grant.member_id for grant in world.portals["main"].adopted] == [MEMBER]
    assert [d.event for d in world.journal.deliveries] == [AppInstalled(portal="main")]
    assert "rt" * 20 not in repr(world.journal.kept)


def test_only_the_portal_may_frame_the_page(tmp_path, clock):
    world = World(tmp_path, clock)
    answer = world.browser().post(WHERE + "en", data=PAGE)
    policy = answer.headers["Content-Security-Policy"]
    assert f"frame-ancestors {PORTAL_URL}" in policy
    assert "X-Frame-Options" not in answer.headers
    nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
    assert answer.text.count(f'nonce="{nonce}"') == answer.text.count("<script") + answer.text.count("<style")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("portal.other", hint=Text("Not yours", "Не ваше"), status=403), 403),
        (TransientError("auth.away", hint=Text("Later", "Позже")), 503),
    ],
)
def test_a_failed_installation_says_what_to_do(tmp_path, clock, error, status: int):
    world = World(tmp_path, clock)
    world.portals["main"].refuses = error
    english, russian = (world.browser().post(WHERE + language, data=PAGE) for language in ("en", "ru"))
    assert (english.status_code, error.hint.en in english.text) == (status, True)
    assert (russian.status_code, error.hint.ru in russian.text) == (status, True)
    assert f"frame-ancestors {PORTAL_URL}" in english.headers["Content-Security-Policy"]
    assert "installFinish" not in english.text
    assert world.journal.kept == []


def test_opened_by_hand_the_address_says_what_it_is_for(world: World):
    answer = world.browser().get("/bitrix24/install?LANG=ru")
    assert answer.status_code == 400
    assert "Битрикс24" in answer.text


def test_an_event_that_no_database_takes_is_parked(world: World):
    answer = world.browser().post("/bitrix24/events", data=reply(("shop." + "x" * 500, "77")))
    assert answer.status_code == 200
    assert [(e.state, e.cause) for e in world.journal.envelopes] == [("parked", "parse.failed")]
