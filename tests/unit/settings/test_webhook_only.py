from __future__ import annotations

import pytest

from connector.speech import Text

CODE = "verysecretcode"
WEBHOOK = (
    f'portals:\n  main:\n    url: "https://acme.bitrix24.ru"\n    webhook: "https://acme.bitrix24.ru/rest/1/{CODE}/"\n'
)
CHAT = "accounts:\n  shop:\n    provider: chat\n    portal: main\n    token: abc\n"
MAIL = "accounts:\n  box:\n    provider: mail\n    portal: main\n"
APP = '    app: {client_id: local.1, client_secret: "s3cr3t"}\n'


def test_an_account_that_carries_messages_needs_an_application(desk):
    mistake = desk.mistake(WEBHOOK + CHAT, "accounts.shop.portal")
    assert mistake.line == 8
    assert isinstance(mistake.hint, Text)
    for language in ("en", "ru"):
        told = mistake.say(language)
        assert "portals.main" in told
        assert "app:" in told
        assert CODE not in told


@pytest.mark.parametrize("accounts", ["", MAIL])
def test_a_webhook_alone_is_fine_for_what_carries_no_messages(desk, accounts):
    assert desk.load(WEBHOOK + accounts).portals["main"].app is None


def test_with_an_application_beside_the_webhook_everything_goes(desk):
    assert desk.load(WEBHOOK + APP + CHAT).accounts["shop"].portal == "main"


def test_the_mistake_is_told_with_all_others(desk):
    told = desk.refused(WEBHOOK + CHAT + MAIL.partition("\n")[2] + "    colour: red\n").mistakes
    assert {mistake.path for mistake in told} == {"accounts.shop.portal", "accounts.box.colour"}
