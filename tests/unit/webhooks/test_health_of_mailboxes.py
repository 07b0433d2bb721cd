"""What ``/readyz`` and ``/metrics`` tell of mailboxes, and what ops see of them at a glance."""

from __future__ import annotations

from datetime import timedelta

from connector.journal.glance import Heard
from connector.journal.hours import Tally
from connector.listening.mailboxes import mailboxes
from connector.status import overview
from tests.unit.webhooks.mailbox import mailbox, stood
from tests.unit.webhooks.world import NOW, World


def stream(world: World, state: str = "connected", *, since: float = 300, why: object = "") -> None:
    world.accounts["support"] = mailbox()
    heard = NOW - timedelta(seconds=4)
    world.journal.links["stream", "support"] = stood(state, NOW - timedelta(seconds=since), heard, why)


def test_a_mailbox_that_is_away_makes_it_degraded_and_ready(world: World) -> None:
    stream(world, "waiting")
    answer = world.browser().get("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["streams"]) == (200, "degraded", "bad")


def test_a_connected_mailbox_is_one_of_the_parts(world: World) -> None:
    stream(world)
    assert world.browser().get("/readyz").json["streams"] == "ok"


def test_a_mailbox_that_webhooks_bring_letters_to_has_no_stream(world: World) -> None:
    world.accounts["support"] = mailbox(listens=False)
    assert "streams" not in world.browser().get("/readyz").json
    assert "connector_stream" not in world.browser().get("/metrics").text
    [one] = mailboxes(world.connector)
    assert (one.state, one.problems, one.folders) == ("", (), ())


def test_metrics_tell_how_mailboxes_stand(world: World) -> None:
    stream(world)
    world.journal.heard["support"] = Heard(hour=1, last=NOW - timedelta(minutes=5))
    world.journal.links["", "day"] = {"account:support": {0: Tally(hour=0, name="account:support", arrived=7)}}
    world.journal.figures["account:support"] = {"held": 3}
    text = world.browser().get("/metrics").text
    for told in (
        'connector_stream_connected{account="support"} 1.0',
        'connector_stream_heard_seconds{account="support"} 4.0',
        'connector_letter_seconds{account="support"} 300.0',
        'connector_letters_last_day{account="support"} 7.0',
        'connector_letters_quarantined{account="support"} 3.0',
        'connector_up{part="mail"} 1.0',
    ):
        assert told in text


def test_a_house_without_mail_tells_nothing_of_letters(world: World) -> None:
    assert "connector_letter" not in world.browser().get("/metrics").text


def test_metrics_without_the_database_miss_streams_and_mail(world: World) -> None:
    stream(world)
    browser = world.browser()
    world.journal.away = True
    text = browser.get("/metrics").text
    assert 'connector_up{part="streams"} 0.0' in text
    assert 'connector_up{part="mail"} 0.0' in text


def test_each_folder_tells_up_to_which_letter_it_was_read(world: World) -> None:
    stream(world)
    marks = {
        "support/INBOX": {"uidvalidity": 7, "uid": 4711},
        "support/Заявки/Сайт": {"uidvalidity": 1, "uid": 2},
        "support/odd": "?",
        "support2/INBOX": {"uid": 9},
    }
    world.journal.links.update({("stream.mark", key): value for key, value in marks.items()})
    [one] = mailboxes(world.connector)
    assert [(folder.name, folder.uid) for folder in one.folders] == [("INBOX", 4711), ("Заявки/Сайт", 2)]


def test_a_mailbox_that_nobody_listens_to_is_a_problem_in_plain_words(world: World) -> None:
    world.accounts["support"] = mailbox()
    told = [problem for problem in overview(world.connector).problems if problem.en.startswith("support: nobody")]
    [problem] = told
    assert "listens to the mailbox" in problem.en
    assert problem.ru.startswith("support: почтовый ящик никто не слушает.")


def test_a_mailbox_that_is_away_is_a_problem_with_its_reason(world: World) -> None:
    stream(world, "refused", why=["wrong password", "неверный пароль"])
    [problem] = [one for one in overview(world.connector).problems if one.en.startswith("support:")]
    assert "no connection with the mailbox" in problem.en
    assert "(неверный пароль)" in problem.ru


def test_letters_in_quarantine_are_counted_and_no_problem(world: World) -> None:
    stream(world)
    before = overview(world.connector)
    world.journal.figures["account:support"] = {"held": 12}
    seen = overview(world.connector)
    assert seen.held == 12
    assert seen.problems == before.problems
