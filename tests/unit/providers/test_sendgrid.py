from __future__ import annotations

import json

import pytest

from connector.providers.sendgrid.inbound import unpack
from tests.unit.providers.couriers import LETTER, sendgrid


@pytest.mark.parametrize("envelope", ["", "not JSON", "[]", '{"to": "a@b.ru"}', "null"])
def test_an_envelope_that_cannot_be_read_takes_no_letter_away(envelope: str):
    brought = unpack(sendgrid(envelope=envelope))
    assert (brought.raw, brought.recipients) == (LETTER, ())


def test_all_recipients_of_the_envelope_are_told():
    brought = unpack(sendgrid(envelope=json.dumps({"to": ["a@acme.ru", "b@acme.ru"], "from": ""})))
    assert (brought.recipients, brought.sender) == (("a@acme.ru", "b@acme.ru"), "")
