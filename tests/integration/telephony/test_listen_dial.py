"""Calls by a click, placed at a pretend Asterisk."""

from __future__ import annotations

import pytest

from connector.domain.effects import Dial
from connector.domain.provider import Outgoing
from connector.errors import PermanentError, TransientError
from connector.providers.asterisk import outbound
from connector.providers.asterisk.standin import AmiServer, Manners
from tests.services import free_port


def place(ami: AmiServer, *, account: dict | None = None, grace: float = outbound.GRACE, **more: str):
    said = {"account": "office", "extension": "101", "phone": "+79161234567", "call": "b24-7c1d", **more}
    return outbound.dial(Outgoing(command=Dial(**said)), ami.settings(**(account or {})), None, grace=grace)


def test_the_call_has_our_own_id_and_rings_at_the_employee_first():
    with AmiServer() as ami:
        assert place(ami, line="74951234567").ids == ("b24-7c1d",)
    (order,) = ami.orders
    assert (order["Channel"], order["Context"], order["Exten"]) == ("PJSIP/101", "from-internal", "79161234567")
    assert (order["ChannelId"], order["Async"], order["Timeout"]) == ("b24-7c1d", "true", "30000")
    assert order["CallerID"] == '"+79161234567" <101>'
    assert order["Variable"] == "CONNECTOR_LINE=74951234567"


def test_the_dial_plan_gets_the_number_as_the_account_says():
    with AmiServer() as ami:
        place(ami, account={"dial": "9{phone}", "channel": "Local/{extension}@from-internal", "ring_seconds": 20})
    assert (ami.orders[0]["Exten"], ami.orders[0]["Timeout"]) == ("9+79161234567", "20000")
    assert ami.orders[0]["Channel"] == "Local/101@from-internal"


@pytest.mark.parametrize(
    ("how", "cause", "words"),
    [
        ("no_answer", "asterisk.no_answer", "101 did not answer"),
        ("busy", "asterisk.busy", "101 is busy"),
        ("unregistered", "asterisk.not_registered", "101 is not registered"),
        ("refused", "asterisk.refused", "Originate failed"),
    ],
)
def test_a_call_that_cannot_be_placed_is_explained_to_whoever_clicked(how, cause, words):
    with AmiServer() as ami:
        ami.originating.how = how
        with pytest.raises(PermanentError) as refused:
            place(ami)
    assert refused.value.cause == cause
    assert words in refused.value.hint.en
    assert "{" not in refused.value.hint.ru


def test_who_may_not_originate_is_told_what_to_ask_for():
    with AmiServer(manners=Manners(write=frozenset({"reporting"}))) as ami, pytest.raises(PermanentError) as refused:
        place(ami)
    assert refused.value.cause == "asterisk.forbidden"
    assert "originate" in refused.value.hint.en


def test_a_refused_login_is_told_at_once():
    with AmiServer() as ami, pytest.raises(PermanentError) as refused:
        place(ami, account={"secret": "wrong"})
    assert refused.value.cause == "asterisk.login"


@pytest.mark.parametrize("how", ["silent", "cut"])
def test_a_call_of_which_nothing_more_is_heard_may_have_been_placed(how):
    with AmiServer() as ami:
        ami.originating.how = how
        with pytest.raises(TransientError) as unsure:
            place(ami, account={"ring_seconds": 5}, grace=-4.0)
    assert unsure.value.maybe_done


def test_a_pbx_that_is_away_surely_placed_nothing():
    with AmiServer() as ami, pytest.raises(TransientError) as away:
        place(ami, account={"port": free_port()})
    assert not away.value.maybe_done


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({"phone": "Иван"}, "asterisk.number"),
        ({"phone": "79161234567\r\nAction: Command"}, "asterisk.number"),
        ({"phone": ""}, "asterisk.number"),
        ({"extension": "101&PJSIP/102"}, "asterisk.extension"),
        ({"extension": "101\r\n"}, "asterisk.extension"),
    ],
)
def test_what_is_no_number_reaches_no_pbx(more, cause):
    with AmiServer() as ami, pytest.raises(PermanentError) as refused:
        place(ami, **more)
    assert refused.value.cause == cause
    assert ami.actions == []
