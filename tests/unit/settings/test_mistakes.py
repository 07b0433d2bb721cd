from __future__ import annotations

import pytest

SHOP = "accounts: {shop: {provider: chat, portal: main, token: abc}}\n"


def test_all_mistakes_are_told_at_once_with_file_and_line(desk):
    refused = desk.refused(
        """\
portals:
  main:
    url: acme.bitrix24.ru
    app: {client_id: local.1, client_secret: "${NOWHERE}"}
accounts:
  shop:
    provider: chta
    portal: main
  post: {provider: mail, portal: mian, line: yes}
""",
        PORT="zero",
    )
    told = {(mistake.file, mistake.line, mistake.path) for mistake in refused.mistakes}
    assert told == {
        ("connector.yaml", 3, "portals.main.url"),
        ("connector.yaml", 4, "portals.main.app.client_secret"),
        ("connector.yaml", 7, "accounts.shop.provider"),
        ("connector.yaml", 9, "accounts.post.portal"),
        ("connector.yaml", 9, "accounts.post.line"),
        ("environment", 0, "PORT"),
    }
    assert "connector.yaml:7  accounts.shop.provider" in str(refused)


def test_the_nearest_known_word_is_suggested(desk, portal):
    assert 'did you mean "portals"?' in desk.mistake("portal: {}\n" + portal, "portal").hint.en
    text = portal + "accounts: {shop: {provider: chat, portal: main, tokn: abc}}"
    assert "token" in desk.mistake(text, "accounts.shop.tokn").hint.en
    text = portal + "accounts: {shop: {provider: maill, portal: main}}"
    assert "«mail»" in desk.mistake(text, "accounts.shop.provider").hint.ru


def test_a_missing_key_is_told_where_it_belongs(desk, portal):
    mistake = desk.mistake(portal + "accounts: {shop: {provider: chat, portal: main}}", "accounts.shop.token")
    assert (mistake.line, mistake.hint.en) == (2, "add token: under shop")


def test_nested_mistakes_keep_their_whole_path(desk, portal):
    text = portal + "accounts: {post: {provider: mail, portal: main, imap: {host: h, port: many}}}"
    assert desk.mistake(text, "accounts.post.imap.port").expected.ru == "целое число"


def test_found_values_are_masked_where_a_secret_may_be(desk, portal):
    text = (
        portal + "accounts: {shop: {provider: chat, portal: main, token: [hidden-token], api_url: 'http://u:pw@h/x'}}"
    )
    words = str(desk.refused(text, DATABASE_URL="mysql://root:dbpass@h/b", CONNECTOR_SECRET_KEY="short-key"))
    for secret in ("hidden-token", "pw@", "dbpass", "short-key"):
        assert secret not in words
    words = str(
        desk.refused("portals: {main: {url: 'https://a.example/rest/1/hookcode/', webhook: 'https://b/x/w3bhook'}}")
    )
    assert "hookcode" not in words
    assert "w3bhook" not in words


def test_a_secret_of_the_wrong_kind_is_masked_too(desk, portal):
    text = portal + "accounts: {shop: {provider: chat, portal: main, token: 8675309}}"
    mistake = desk.mistake(text, "accounts.shop.token")
    assert (mistake.found, "quotes" in mistake.hint.en) == ("•••", True)


def test_a_value_and_a_file_of_one_name_are_one_too_many(desk, portal, tmp_path):
    (tmp_path / "key").write_text("f" * 40)
    mistake = desk.mistake(portal, "CONNECTOR_SECRET_KEY", CONNECTOR_SECRET_KEY_FILE=str(tmp_path / "key"))
    assert mistake.hint.en == "unset one of the two"


def test_a_value_from_the_environment_is_shown_by_its_name_only(desk, portal):
    text = portal + 'accounts: {shop: {provider: chat, portal: main, token: t, line: "${LINE}"}}'
    assert desk.mistake(text, "accounts.shop.line", LINE="private").found == "${LINE}"


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.bitrix24.ru",
        "http://localhost.evil.example",
        "ftp://acme.bitrix24.ru",
        "https://user:pw@acme.bitrix24.ru",
        "https://",
        "https://acme .ru",
        "https://[::1",
        "https://acme.ru:99999",
        "https://acme.bitrix24.ru/rest/1/code/",
    ],
)
def test_an_unsafe_portal_address_is_refused(desk, url):
    text = f'portals: {{main: {{url: "{url}", app: {{client_id: a, client_secret: b}}}}}}'
    assert desk.mistake(text, "portals.main.url").line == 1


def test_an_account_or_the_public_address_may_not_be_plain_http_either(desk, portal):
    text = portal + "accounts: {shop: {provider: chat, portal: main, token: t, api_url: 'http://10.0.0.1/'}}"
    assert "https" in desk.mistake(text, "accounts.shop.api_url").expected.en
    assert "https" in desk.mistake(portal, "CONNECTOR_PUBLIC_URL", CONNECTOR_PUBLIC_URL="http://b.example").hint.en


def test_a_portal_needs_an_application_or_a_webhook(desk):
    mistake = desk.mistake("portals: {main: {url: 'https://a.example'}}", "portals.main")
    assert "client_id" in mistake.hint.en


@pytest.mark.parametrize("webhook", ["https://b.example/rest/1/code/", "https://a.example/hook", "nonsense"])
def test_a_webhook_must_be_one_of_its_own_portal(desk, webhook):
    text = f"portals: {{main: {{url: 'https://a.example', webhook: '{webhook}'}}}}"
    assert "•••" in desk.mistake(text, "portals.main.webhook").found


def test_two_portals_may_not_be_one(desk):
    text = (
        "portals:\n  a: &a {url: 'https://a.example', webhook: 'https://a.example/rest/1/c/'}\n"
        "  b: {<<: *a, url: 'https://A.example/'}\n"
    )
    assert "«a»" in desk.mistake(text, "portals.b.url").hint.ru


@pytest.mark.parametrize("name", ["Shop", "1shop", "sh.op", "магазин", "a" * 32, "a|b"])
def test_names_are_short_and_plain(desk, portal, name):
    text = portal + f"accounts: {{'{name}': {{provider: chat, portal: main, token: t}}}}"
    assert desk.mistake(text, f"accounts.{name}").line == 2


@pytest.mark.parametrize("line", ["0", "-1", "true", "abc", "1.5", "[1]"])
def test_a_line_is_the_number_of_an_open_line(desk, portal, line):
    text = portal + f"accounts: {{shop: {{provider: chat, portal: main, token: t, line: {line}}}}}"
    assert desk.mistake(text, "accounts.shop.line").line == 2


def test_an_account_may_not_name_itself(desk, portal):
    text = portal + "accounts: {shop: {provider: chat, portal: main, token: t, account: other}}"
    assert desk.mistake(text, "accounts.shop.account").expected.en == "no such key"


@pytest.mark.parametrize("key", ["", "short", "k" * 31, f"{'k' * 40},short", ","])
def test_the_secret_key_is_long_enough(desk, portal, key):
    assert "token_urlsafe" in desk.mistake(portal, "CONNECTOR_SECRET_KEY", CONNECTOR_SECRET_KEY=key).hint.ru


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "٣"),
        ("REDIS_URL", "http://h"),
        ("CONNECTOR_LANGUAGE", "fr"),
        ("REDIS_URL_FILE", "/nowhere/at/all"),
        ("CONNECTOR_SECRET_KEY_FILE", "both given"),
    ],
)
def test_wrong_machine_values_are_told(desk, portal, name, value):
    assert desk.mistake(portal, name.removesuffix("_FILE"), **{name: value}).file == "environment"


def test_a_missing_file_says_how_to_get_one(desk):
    from connector.settings import SettingsMistakesError, load

    with pytest.raises(SettingsMistakesError, match="connector init"):
        load(desk.path, {"CONNECTOR_SECRET_KEY": "k" * 40}, {})


def test_every_mistake_reads_in_both_languages(desk):
    refused = desk.refused("portals: 1\naccounts: {a: 2}\nsources: {b: 3}\nlimits: {body: x}\nlanguage: fr\nvar: []\n")
    assert len(refused.mistakes) == 6
    for mistake in refused.mistakes:
        assert any("а" <= letter <= "я" for letter in mistake.expected.ru + mistake.hint.ru)
        assert not any("а" <= letter <= "я" for letter in mistake.say("en").lower())
