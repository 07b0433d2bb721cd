from __future__ import annotations

from pathlib import Path

import pytest

from connector.settings import load


def test_the_smallest_settings_get_the_documented_defaults(desk, portal):
    settings = desk.load(portal)
    main = settings.portals["main"]
    assert (main.name, main.url, main.language) == ("main", "https://acme.bitrix24.ru", "ru")
    assert (main.budget.burst, main.budget.per_second, main.doubt, main.timeout) == (50, 2.0, 5.0, 70.0)
    assert settings.var == desk.path.parent / "var"
    assert settings.database_url == f"sqlite:///{settings.var}/connector.db"
    assert settings.redis_url == "redis://127.0.0.1:6379/0"
    assert (settings.port, settings.public_url, settings.language) == (8000, "http://127.0.0.1:8000", "en")
    assert (settings.limits.message_hours, settings.limits.envelope_days) == (24.0, 90)


def test_an_account_is_built_by_its_provider_and_knows_its_name(desk, portal):
    settings = desk.load(portal + "accounts: {shop: {provider: chat, portal: main, line: 3, token: abc}}")
    shop = settings.accounts["shop"]
    assert (shop.account, shop.provider, shop.portal, shop.line) == ("shop", "chat", "main", 3)
    assert shop.token.get_secret_value() == "abc"


def test_secrets_are_never_shown(desk, portal):
    settings = desk.load(
        portal + "accounts: {shop: {provider: chat, portal: main, token: tok3n}}\n"
        "sources: {s: {provider: base, portal: main, password: passw0rd}}",
        DATABASE_URL="postgresql://u:dbpass@h/b",
        REDIS_URL="redis://:redispass@h/0",
    )
    shown = repr(settings) + str(settings) + repr(settings.portals["main"]) + repr(settings.accounts["shop"])
    shown += repr(settings.sources["s"])
    for secret in ("s3cr3t", "tok3n", "passw0rd", "dbpass", "redispass", "k" * 40):
        assert secret not in shown


def test_a_name_in_braces_is_read_from_the_environment(desk, portal):
    text = portal + 'accounts: {shop: {provider: chat, portal: main, token: "pre-${TOKEN}-$${TOKEN}"}}'
    assert desk.load(text, TOKEN="v").accounts["shop"].token.get_secret_value() == "pre-v-${TOKEN}"


def test_a_secret_may_come_as_a_file(desk, portal, tmp_path: Path):
    (tmp_path / "token").write_text("from-file\n")
    text = portal + 'accounts: {shop: {provider: chat, portal: main, token: "${TOKEN}"}}'
    settings = desk.load(text, TOKEN_FILE=str(tmp_path / "token"))
    assert settings.accounts["shop"].token.get_secret_value() == "from-file"


def test_the_settings_file_is_named_by_the_environment(desk, portal):
    desk.path.write_text(portal)
    env = {"CONNECTOR_CONFIG": str(desk.path), "CONNECTOR_SECRET_KEY": "k" * 40}
    assert load(None, env, {}).path == desk.path


@pytest.mark.parametrize(
    ("written", "env", "language"),
    [
        ("", {}, "en"),
        ("", {"LANG": "ru_RU.UTF-8"}, "ru"),
        ("language: ru\n", {"LANG": "en_US.UTF-8"}, "ru"),
        ("language: ru\n", {"CONNECTOR_LANGUAGE": "en"}, "en"),
    ],
)
def test_the_language_is_the_nearest_wish(desk, portal, written, env, language):
    assert desk.load(written + portal, **env).language == language


def test_the_machine_is_read_from_the_environment(desk, portal):
    settings = desk.load(
        portal,
        DATABASE_URL="postgres://u:p@h/b",
        CONNECTOR_SECRET_KEY=f"{'a' * 32}, {'b' * 32}",
        CONNECTOR_PUBLIC_URL="https://bridge.example/",
        PORT="9001",
    )
    assert settings.database_url == "postgresql://u:p@h/b"
    assert [key.get_secret_value() for key in settings.secret_keys] == ["a" * 32, "b" * 32]
    assert (settings.public_url, settings.port) == ("https://bridge.example", 9001)


def test_loopback_may_be_plain_http(desk):
    text = "portals: {main: {url: 'http://127.0.0.1:9000/', webhook: 'http://127.0.0.1:9000/rest/1/code/'}}"
    assert desk.load(text).portals["main"].url == "http://127.0.0.1:9000"


def test_aliases_and_merged_keys_work(desk):
    settings = desk.load("""
portals:
  main: &main {url: "https://a.example", app: {client_id: local.1, client_secret: s}, language: en}
  other: {<<: *main, url: "https://b.example"}
""")
    assert settings.portals["other"].language == "en"
    assert settings.portals["other"].url == "https://b.example"
