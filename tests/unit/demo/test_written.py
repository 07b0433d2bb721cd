from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from connector import registry
from connector.demo import letterbox, warehouse
from connector.demo.exchange import Exchange
from connector.demo.people import CUSTOMERS, signed
from connector.demo.seen import Stories
from connector.demo.written import yaml_of
from connector.providers.telegram import PROVIDER, demo_settings
from connector.providers.telegram.standin import TelegramStandIn

PAGE = "http://127.0.0.1:4000"


@pytest.mark.parametrize("page", ["", PAGE])
def test_the_settings_of_the_demo_are_sound(tmp_path: Path, page: str):
    pbx = Exchange(tmp_path / "recordings").account("ru") | {"port": 5038}
    with letterbox.server() as mail:
        servers = {"my-asterisk": pbx, "my-mail": letterbox.account(mail, "ru")}
    written = yaml_of(
        "http://127.0.0.1:1", lambda name: f"http://127.0.0.1:2/{name}", servers, language="ru", var=tmp_path, page=page
    )
    written |= warehouse.lay_out(tmp_path, "ru")
    (tmp_path / "connector.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    loaded = registry.settings(tmp_path / "connector.yaml", {"CONNECTOR_SECRET_KEY": "k" * 40})
    assert loaded.accounts["my-asterisk"].lines["74951234567"].name == "Продажи"
    assert sorted(account.line for account in loaded.accounts.values() if account.line) == [1, 2, 3, 4]
    assert loaded.accounts["my-mail"].name == "Магазин «Акме»"
    assert {"my-generic", "my-telegram", "my-webchat"} <= set(loaded.accounts)
    assert loaded.sources["my-warehouse"].rules == "shipments"
    assert loaded.console.frames == ((page,) if page else ())
    assert loaded.accounts["my-webchat"].origins == ((page,) if page else ())


def test_a_customer_signs_with_their_own_name():
    account = {"account": "shop", "portal": "main", **demo_settings("http://127.0.0.1:1")}
    said = TelegramStandIn(PROVIDER.settings(**account)).say("701", "Привет")
    update = json.loads(signed(said, CUSTOMERS[0].ru).body)
    assert update["message"]["from"]["first_name"] == update["message"]["chat"]["first_name"] == "Вера"
    assert update["message"]["text"] == "Привет"


def test_stories_are_counted_as_the_log_grows(tmp_path: Path):
    log = tmp_path / "web.log"
    stories = Stories(log)
    assert stories.count() == 0
    told = '{"event": "GET /ops/trace/01a2 200"}\n{"event": "GET /ops/trace/01a2 303"}\n{"event": "GET /ops 200"}\n'
    log.write_text(told, encoding="utf-8")
    assert (stories.count(), stories.count()) == (1, 1)
    log.write_text(told + '{"event": "GET /ops/trace/01', encoding="utf-8")
    assert stories.count() == 1
    log.write_text(told + '{"event": "GET /ops/trace/01a3 200"}\n', encoding="utf-8")
    assert stories.count() == 2
