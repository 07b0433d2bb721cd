"""Listening to a pretend Asterisk over a real connection."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from connector.errors import Stopped, TransientError
from connector.providers.asterisk import listening
from connector.providers.asterisk.keeping import WAITING
from connector.providers.asterisk.setup import check
from connector.providers.asterisk.standin import SCENES, AmiServer, Board, Frame, Manners, Wish, interleaved
from tests.integration.telephony.ami import Ear, certificate, heard_of, hearing
from tests.services import free_port, until
from tests.unit.providers.asterisk_files import told

NAME = "Ёлкин «Ромашка» 🌼"


def test_every_frame_that_matters_is_kept_in_order_though_the_network_splits_them():
    ear, frames = Ear(), SCENES["ring_group"](Board(noise=True), Wish(name=NAME)).frames
    with AmiServer() as ami, hearing(ami.settings(), ear):
        assert ami.wait_for_listeners()
        ami.play(frames)
        heard_of(ear, 4, "Hangup")
    wanted = [frame.event for frame in frames if frame.event in set(ear.names())]
    assert ear.names() == wanted
    assert "RTCPReceived" not in ear.names()
    assert ear.block("Newchannel")["CallerIDName"] == ""
    first = told(ear.frames[0][0], ami.settings())[0]
    assert (first.name, first.client) == (NAME, "79161234567")
    assert all(at is not None and at.tzinfo for _, at in ear.frames)


def test_the_secret_never_leaves_when_asterisk_knows_a_challenge():
    ear = Ear()
    with AmiServer() as ami, hearing(ami.settings(), ear):
        assert ami.wait_for_listeners()
        assert ami.actions[:2] == ["Challenge", "Login"]
        assert ami.secrets_seen == []


def test_without_a_challenge_the_secret_goes_over_loopback_or_tls_only(tmp_path):
    ca, context = certificate(tmp_path)
    for tls, more in ((None, {}), (context, {"tls": True, "ca": str(ca)})):
        ear = Ear()
        with AmiServer(manners=Manners(challenge=False), tls=tls) as ami, hearing(ami.settings(**more), ear):
            assert ami.wait_for_listeners()
            assert ami.secrets_seen == [ami.manners.secret]


def test_over_tls_the_certificate_is_verified(tmp_path):
    ca, context = certificate(tmp_path)
    with AmiServer(tls=context) as ami:
        with pytest.raises(Stopped) as refused:
            listening.listen(ami.settings(tls=True), Ear())
        assert refused.value.cause == "asterisk.certificate"
        assert "never skipped" in refused.value.hint.en
        with pytest.raises(Stopped):
            listening.listen(ami.settings(tls=True, ca=str(tmp_path / "none.pem")), Ear())
        with pytest.raises(Stopped):
            listening.listen(ami.settings(tls=True, ca=str(ca), host="localhost"), Ear())
        assert ami.actions == []
        ear = Ear()
        with hearing(ami.settings(tls=True, ca=str(ca)), ear):
            assert ami.wait_for_listeners()
            ami.play(SCENES["missed"](Board(), Wish()).frames)
            heard_of(ear, 2, "Hangup")


def test_a_wrong_secret_is_told_in_words_and_without_the_secret():
    with AmiServer() as ami, pytest.raises(Stopped) as refused:
        listening.listen(ami.settings(secret="not-the-one"), Ear())
    assert (refused.value.cause, refused.value.state) == ("asterisk.login", "needs_reauth")
    assert "manager.conf" in refused.value.hint.ru
    assert "not-the-one" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("tls", [False, True])
def test_nobody_there_and_somebody_else_there_are_waited_for(tls, tmp_path):
    nobody = {"host": "127.0.0.1", "port": free_port(), "tls": tls}
    with AmiServer() as ami, pytest.raises(TransientError) as away:
        listening.listen(ami.settings(**nobody), Ear())
    assert away.value.cause == "asterisk.unreachable"
    assert "там никто не слушает" in away.value.hint.ru
    _, context = certificate(tmp_path)
    other = None if tls else context
    with AmiServer(tls=other) as ami, pytest.raises((TransientError, Stopped)) as wrong:
        listening.listen(ami.settings(tls=tls), Ear())
    assert wrong.value.cause in ("asterisk.no_manager", "asterisk.gone")


def test_a_connection_that_breaks_is_told_and_what_was_read_is_kept():
    ear = Ear()
    with AmiServer() as ami, hearing(ami.settings(), ear) as made:
        assert ami.wait_for_listeners()
        ami.play(SCENES["answered"](Board(), Wish()).frames)
        ami.cut()
        error = made.ends()
    assert isinstance(error, TransientError)
    assert ear.names().count("Hangup") == 2


def test_a_dead_peer_is_noticed_by_its_silence():
    ear, pace = Ear(), listening.Pace(ping=0.2, silence=3.0)
    with AmiServer() as ami, hearing(ami.settings(), ear, pace) as made:
        assert ami.wait_for_listeners()
        until(lambda: ami.actions.count("Ping") > 2, "pings", 20)
        beats = ear.beats
        assert beats > 2
        assert not made.over()
        ami.manners.mute = True
        error = made.ends()
    assert isinstance(error, TransientError)
    assert error.cause == "asterisk.silent"


def test_calls_that_ended_while_nobody_listened_are_told_of_with_the_time_they_were_last_heard_of():
    before = datetime(2026, 2, 2, 12, 0, 5, tzinfo=UTC)
    board = Board()
    going, gone = (SCENES["answered"](board, Wish(client=f"7916000000{n}", start=n)) for n in (1, 2))
    ear = Ear(calls=[going.meant[0].call, gone.meant[0].call], before=before)
    with AmiServer() as ami:
        ami.play(going.frames[:-4])  # all but its end
        with hearing(ami.settings(), ear):
            assert ami.wait_for_listeners()
            heard_of(ear, 3)
            settings = ami.settings()
            ami.play(going.frames[-4:])
            heard_of(ear, 2, "Hangup")
    (lost,) = told(ear.frames[0][0], settings)
    assert (lost.call, lost.cause, lost.at) == (gone.meant[0].call, "lost", before)
    assert ear.names()[1:3] == ["CoreShowChannel", "CoreShowChannel"]
    last = told(ear.frames[-1][0], settings)
    assert [(event.kind, event.call) for event in last][-1] == ("call.ended", going.meant[0].call)


def test_a_restarted_asterisk_has_lost_all_calls():
    ear = Ear(calls=["1.1", "1.2"])
    with AmiServer() as ami, hearing(ami.settings(), ear):
        assert ami.wait_for_listeners()
        heard_of(ear, 1)
    assert list(ear.block("X-Resync").all("Gone")) == ["1.1", "1.2"]


def test_a_call_that_ends_at_the_very_moment_is_not_lost():
    """Its Hangup is on the way when the channels are listed without it."""
    board = Board()
    dialogue = SCENES["answered"](board, Wish())
    ear = Ear(calls=[dialogue.meant[0].call])
    with AmiServer() as ami:
        ami.play(dialogue.frames[:-4])
        ami.before_showing = lambda: ami.play(dialogue.frames[-4:])
        with hearing(ami.settings(), ear):
            heard_of(ear, 2, "Hangup")
    assert "X-Resync" not in ear.names()
    whole = told(ear.frames[-1][0], ami.settings())[-1]
    assert (whole.kind, whole.call) == ("call.ended", dialogue.meant[0].call)


def test_who_may_not_list_channels_still_listens_and_it_is_said():
    ear = Ear(calls=["1.1"])
    poor = Manners(write=frozenset(), booted=False)
    pace = listening.Pace(booted=0.1)
    with capture_logs() as logs, AmiServer(manners=poor) as ami, hearing(ami.settings(), ear, pace):
        until(lambda: any(line["event"] == "listen.no_resync" for line in logs), "a line", 20)
        ami.play(SCENES["missed"](Board(), Wish()).frames)
        heard_of(ear, 2, "Hangup")
    assert "X-Resync" not in ear.names()


def test_a_slow_journal_makes_asterisk_wait_and_loses_nothing():
    ear, door = Ear(), threading.Event()
    ear.slow = lambda: (door.wait(30), None)[1]
    board = Board()
    calls = 3 * WAITING // 8
    frames: list[Frame] = interleaved([SCENES["missed"](board, Wish(start=at / 10)) for at in range(calls)])
    with AmiServer(manners=Manners(split=False)) as ami, hearing(ami.settings(), ear):
        assert ami.wait_for_listeners()
        playing = threading.Thread(target=ami.play, args=(frames,), daemon=True)
        playing.start()
        time.sleep(1.0)
        door.set()
        playing.join(30)
        assert not playing.is_alive()
        heard_of(ear, 2 * calls, "Hangup")
    assert ear.names().count("Newchannel") == 2 * calls


def test_what_was_read_when_told_to_stop_is_kept():
    ear = Ear()
    ear.slow = lambda: time.sleep(0.08)  # longer than it takes to notice the stop
    with AmiServer() as ami, hearing(ami.settings(), ear) as made:
        assert ami.wait_for_listeners()
        ami.play(SCENES["queue"](Board(), Wish()).frames)
        until(lambda: bool(ear.frames), "the first frame")
        time.sleep(0.2)
        ear.stop.set()
        assert made.ends() is None
    assert ear.names().count("Hangup") == 7


def test_what_keeping_raises_ends_the_listening():
    ear = Ear()

    def full() -> None:
        raise OSError("no space")

    ear.slow = full
    with AmiServer() as ami, hearing(ami.settings(), ear) as made:
        assert ami.wait_for_listeners()
        ami.play(SCENES["missed"](Board(), Wish()).frames)
        assert isinstance(made.ends(), OSError)


def test_the_check_tells_what_the_manager_user_may_not_do():
    with AmiServer() as ami:
        good = check(ami.settings(recordings={"url": "file:///x"}), "", None)
        ami.manners.write = frozenset()
        poor = check(ami.settings(), "", None)
        bad = check(ami.settings(secret="wrong"), "", None)
    assert {finding.state for finding in good} == {"ok"}
    assert {finding.code for finding in poor if finding.state == "warn"} == {
        "asterisk.originate",
        "asterisk.reporting",
        "asterisk.recordings",
    }
    assert [(finding.code, finding.state) for finding in bad] == [("asterisk.login", "bad")]


def test_a_transfer_in_which_the_connection_broke_leaves_nothing_open():
    """The calls were joined while nobody listened: the consultation is gone, and the client's call goes on."""
    board = Board()
    dialogue = SCENES["attended_transfer"](board, Wish())
    at = next(n for n, frame in enumerate(dialogue.frames) if frame.event == "AttendedTransfer")
    client, asked = (meant.call for meant in dialogue.meant)
    ear = Ear(calls=[client, asked])
    with AmiServer() as ami:
        ami.play(dialogue.frames[: at + 5])
        with hearing(ami.settings(), ear):
            assert ami.wait_for_listeners()
            ami.play(dialogue.frames[at + 5 :])
            heard_of(ear, 4, "Hangup")
    said = [event for frame, _ in ear.frames for event in told(frame, ami.settings()) if event.kind == "call.ended"]
    assert [(event.call, event.cause) for event in said] == [(asked, "lost"), (client, "")]
