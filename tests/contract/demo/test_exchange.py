"""The demo's PBX by its manager's protocol: what a click in Bitrix24 makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.demo.exchange import Exchange
from connector.demo.live_call import Outgoing
from connector.domain.effects import Dial
from connector.domain.provider import Outgoing as Command
from connector.domain.values import File
from connector.errors import PermanentError
from connector.providers.asterisk import outbound
from connector.providers.asterisk.settings import MONITOR, AsteriskSettings
from tests.services import until


def settings(exchange: Exchange) -> AsteriskSettings:
    return AsteriskSettings.model_validate({"account": "my-asterisk", **exchange.account("en")})


def dial(exchange: Exchange):
    wanted = Dial(account="my-asterisk", extension="102", phone="+79161234567", call="b24-7c1d")
    return outbound.dial(Command(command=wanted), settings(exchange), None)


def test_a_click_calls_the_client_under_the_id_that_it_gave(tmp_path: Path):
    placed: list[Outgoing] = []
    with Exchange(tmp_path) as exchange:
        exchange.clicked = placed.append
        assert dial(exchange).ids == ("b24-7c1d",)
        until(lambda: len(placed) == 1, "the client is called")  # after the employee's telephone was lifted
        (call,) = placed
        assert (call.id, call.caller, call.client) == ("b24-7c1d", "102", "79161234567")
        assert [row["Linkedid"] for row in exchange.ami.channels()] == ["b24-7c1d", "b24-7c1d"]
        call.hang_up()
        assert exchange.ami.channels() == []


def test_a_refused_click_calls_nobody(tmp_path: Path):
    placed: list[Outgoing] = []
    with Exchange(tmp_path) as exchange:
        exchange.clicked = placed.append
        exchange.ami.originating.how = "unregistered"
        with pytest.raises(PermanentError):
            dial(exchange)
        assert placed == []
        assert exchange.ami.channels() == []


def test_the_account_leads_to_the_recordings(tmp_path: Path):
    with Exchange(tmp_path / "recordings") as exchange:
        call = exchange.calls("79161234567", ("101",))
        call.answer("101")
        call.hang_up()
        assert call.recording is not None
        told = f"{MONITOR}/{call.recording.relative_to(tmp_path / 'recordings')}"
        source = outbound.recording(File(ref=told), settings(exchange), None)
    assert source.url == call.recording.as_uri()
