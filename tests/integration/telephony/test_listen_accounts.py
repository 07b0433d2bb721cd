"""One account's stream into the journal: kept once, by one listener, whatever fails meanwhile."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

from connector.errors import Stopped, TransientError
from connector.listening.listener import Listener
from connector.providers.asterisk.standin import SCENES, Board, Manners, Wish
from connector.speech import Text
from connector.telephony.health import pbxs
from jobs import listen as process
from tests.integration.telephony.ami_home import QUICK, served
from tests.services import until


def test_what_asterisk_tells_waits_for_the_portal_and_a_doubled_frame_is_forgotten(home, ami):
    dialogue = SCENES["queue"](Board(noise=True), Wish(name="Ёлкин"))
    ami.manners.double = 1.0
    with served(home):
        assert ami.wait_for_listeners()
        ami.play(dialogue.frames)
        until(lambda: home.kept().count("call.leg_ended") >= 4, "the end of the call", 20)
    rows = home.real.list(limit=5000)
    assert {row["lane"] for row in rows} == {f"call.office.{dialogue.meant[0].call}"}
    assert {row["destination"] for row in rows} == {"portal:main"}
    assert home.kept().count("call.answered") == 1
    envelopes = home.real.list("envelopes", limit=5000)
    assert "ignored" not in {row["state"] for row in envelopes}
    assert home.kept().count("call.started") == 3


def test_the_state_of_the_stream_is_told_while_it_lasts_and_afterwards(home, ami):
    with served(home):
        until(lambda: home.link().get("state") == "connected", "connected", 20)
        (pbx,) = pbxs(home)
        assert (pbx.state, pbx.problems) == ("connected", ())
        assert pbx.heard is not None
    assert home.link()["state"] == "waiting"
    assert home.link()["why"][1] == "Процесс коннектора остановлен"


def test_a_cut_connection_is_made_again(home, ami):
    with served(home):
        for cut in range(3):
            assert ami.wait_for_listeners()
            ami.play(SCENES["missed"](Board(epoch=1_770_000_000 + 1000 * cut), Wish()).frames)
            until(lambda wanted=cut + 1: home.kept().count("call.ringing") >= wanted, "the call", 20)
            ami.cut()
    assert home.kept().count("call.ringing") == 3


def test_a_refused_login_is_told_in_words_and_tried_again_once_somebody_mends_it(home, ami):
    secret, ami.manners.secret = ami.manners.secret, "changed"
    with served(home):
        until(lambda: home.link().get("state") == "refused", "refused", 20)
        assert "manager.conf" in home.link()["why"][0]
        ami.manners.secret = secret
        until(lambda: home.link().get("state") == "connected", "connected", 20)
        assert home.link()["why"] == ["", ""]


def test_the_time_without_a_connection_is_counted_from_its_loss(home, ami):
    with served(home):
        until(lambda: home.link().get("state") == "connected", "connected", 20)
        ami.stop()
        until(lambda: home.link()["state"] == "waiting", "waiting", 20)
        since = home.link()["since"]
        time.sleep(0.5)  # some more tries
        later = home.link()
        assert (later["state"] == "connected", later["since"]) == (False, since)
        assert later["why"][0]
        ami.start()
        until(lambda: home.link()["state"] == "connected", "connected again", 40)


def test_of_two_machines_one_listens_and_the_other_takes_over(home, ami):
    stops = threading.Event(), threading.Event()
    both = [Listener(home, home.accounts["office"], stop, pace=QUICK) for stop in stops]
    threads = [threading.Thread(target=one.run, daemon=True) for one in both]
    threads[0].start()
    assert ami.wait_for_listeners()
    threads[1].start()
    assert not ami.wait_for_listeners(2, seconds=0.5)
    stops[0].set()
    threads[0].join(20)
    assert not threads[0].is_alive()
    assert ami.wait_for_listeners()
    until(lambda: both[1].stream.state == "connected", "the other", 20)
    stops[1].set()
    threads[1].join(20)
    assert not threads[1].is_alive()


def test_who_lost_the_account_to_another_stops_listening(home, ami):
    ticks = SimpleNamespace(now=0.0)
    one = Listener(home, home.accounts["office"], home.stop, pace=QUICK, ticks=lambda: ticks.now)
    thread = threading.Thread(target=one.run, daemon=True)
    thread.start()
    until(lambda: one.stream.state == "connected", "connected", 20)
    one.beat()
    assert not one.stream.stopped()
    held = one._held
    home.real.drop_lock(held)
    with home.real.lock("listen:office", ttl=60) as taken:
        assert taken
        ticks.now += QUICK.renew + 1
        one.beat()
        until(lambda: not ami.wait_for_listeners(seconds=0.1), "nobody listens", 20)
    until(lambda: one.stream.state == "connected" and ami.wait_for_listeners(seconds=1), "it has it again", 20)
    home.stop.set()
    thread.join(20)


def test_while_the_database_is_away_nothing_is_lost(home, ami):
    with served(home):
        assert ami.wait_for_listeners()
        until(lambda: home.link().get("state") == "connected", "connected", 20)
        home.journal.away = True
        ami.play(SCENES["answered"](Board(), Wish()).frames)
        until(home.spool.pending, "the spool", 20)
        until(lambda: (home.spool._lines).read_bytes().count(b"\n") >= 6, "the lines", 20)
        assert home.kept() == []
        home.journal.away = False
        home.spool.drain(home.real.accept)
        assert home.kept().count("call.leg_ended") == 2
        assert home.kept().count("call.answered") == 1


def test_a_connection_that_comes_back_while_the_database_is_away_listens_all_the_same(home, ami):
    with served(home):
        assert ami.wait_for_listeners()
        until(lambda: home.link().get("state") == "connected", "connected", 20)
        home.journal.away = True
        ami.cut()
        assert ami.wait_for_listeners()
        ami.play(SCENES["missed"](Board(), Wish()).frames)
        until(home.spool.pending, "the spool", 20)


def waits(home: Any, *failures: Exception, lasts: tuple[float, ...] = ()) -> list[float]:
    """The pauses after so many connections that ended so; ``lasts`` is how long each of them was."""
    ticks = SimpleNamespace(now=0.0)
    waited: list[float] = []
    ended, long = iter(failures), iter(lasts or (0,) * len(failures))

    def fails(settings: Any, given: Any) -> None:
        ticks.now += next(long)
        raise next(ended)

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(round(timeout or 0, 3))
            if len(waited) == len(failures):
                self.set()
            return True

    telephony = SimpleNamespace(listen=fails)
    account = SimpleNamespace(
        name="office", settings=None, http=None, provider=SimpleNamespace(telephony=telephony, door=telephony)
    )
    Listener(home, account, Stop(), ticks=lambda: ticks.now, chance=lambda: 0.5).run()
    return waited


AWAY = TransientError("asterisk.gone", hint=Text("gone", "нет"))
REFUSED = Stopped("asterisk.login", hint=Text("wrong secret", "неверный пароль"), state="needs_reauth")


def test_pauses_grow_and_begin_anew_after_a_good_connection(home):
    assert waits(home, *[AWAY] * 5, lasts=(0, 0, 0, 120, 0)) == [1.0, 2.0, 4.0, 1.0, 2.0]


def test_whoever_is_refused_tries_more_and_more_rarely(home):
    assert waits(home, *[REFUSED] * 7) == [30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 600.0]
    assert waits(home, REFUSED, REFUSED, AWAY, REFUSED)[-1] == 30.0


def test_a_fault_of_a_provider_ends_nothing(home):
    tries = []

    def breaks(settings: Any, given: Any) -> None:
        tries.append(given)
        raise KeyError("surprise")

    telephony = SimpleNamespace(listen=breaks)
    broken = SimpleNamespace(
        name="other", settings=None, http=None, provider=SimpleNamespace(telephony=telephony, door=telephony)
    )
    home.accounts["other"] = broken
    with served(home):
        until(lambda: len(tries) > 2, "another try", 20)
        until(lambda: home.link().get("state") == "connected", "the good one", 20)
    assert "KeyError" in home.real.recall("stream", "other")["why"][0] or tries


def test_without_a_stream_the_process_waits_to_be_stopped(home):
    home.accounts.clear()
    thread = threading.Thread(target=lambda: ended.append(process.serve(home, home.stop, pace=QUICK)), daemon=True)
    ended: list[bool] = []
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    home.stop.set()
    thread.join(5)
    assert ended == [True]


def test_a_manager_without_a_challenge_is_met_over_loopback(home, ami):
    ami.manners = Manners(challenge=False)
    with served(home):
        until(lambda: home.link().get("state") == "connected", "connected", 20)
