from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.portal.endpoints import DEFAULT_AUTH, auth_base, endpoint, is_loopback, method_url, netloc

PORTAL, LOCAL = "https://acme.bitrix24.ru", "http://127.0.0.1:8100"


@pytest.mark.parametrize(
    ("server", "base"),
    [
        ("https://oauth.bitrix.info/rest/", "https://oauth.bitrix.info"),
        ("https://oauth.bitrix24.tech/rest/", "https://oauth.bitrix24.tech"),
        ("https://eu.oauth.bitrix.info/rest", "https://eu.oauth.bitrix.info"),
        ("", DEFAULT_AUTH),
        ("https://bitrix.info/rest/", ""),
        ("https://oauth.bitrix.info:444/rest/", ""),
        ("https://evilbitrix.info/rest/", ""),
        ("https://oauth.bitrix.info.evil.com/rest/", ""),
        ("https://oauth.bitrix.info@evil.com/rest/", ""),
        ("https://evil.com/oauth.bitrix.info/rest/", ""),
        ("https://evil.com\\.bitrix.info/rest/", ""),
        ("https://evil.com#.bitrix.info", ""),
        ("http://oauth.bitrix.info/rest/", ""),
        ("http://127.0.0.1:8100/rest/", ""),
        ("https://[::1]/rest/", ""),
        ("file:///etc/passwd", ""),
        ("https://oauth.bitrix.info:x/", ""),
    ],
)
def test_only_listed_authorization_servers_are_asked(server, base):
    assert auth_base(server, configured="", portal_url=PORTAL) == base


def test_a_portal_on_this_machine_has_its_server_here():
    assert auth_base("http://127.0.0.1:8100/oauth-server/rest/", configured="", portal_url=LOCAL) == (
        "http://127.0.0.1:8100/oauth-server"
    )
    assert auth_base("", configured="", portal_url=LOCAL) == LOCAL
    assert auth_base("https://oauth.bitrix.info/rest/", configured="", portal_url=LOCAL) == "https://oauth.bitrix.info"


def test_the_configured_server_wins():
    assert auth_base("https://evil.com/rest/", configured="https://auth.corp.ru/", portal_url=PORTAL) == (
        "https://auth.corp.ru"
    )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Acme.Bitrix24.ru:443/rest/", "acme.bitrix24.ru"),
        ("http://127.0.0.1:8100/x", "127.0.0.1:8100"),
        ("https://[::1]:8/", "[::1]:8"),
        ("acme.bitrix24.ru", ""),
        ("https://a b/", ""),
        ("", ""),
    ],
)
def test_the_host_of_a_url(url, host):
    assert netloc(url) == host


@pytest.mark.parametrize("url", ["http://localhost/", "http://x.localhost:1/", "http://127.8.9.1/", "http://[::1]/"])
def test_this_machine_is_recognised(url):
    assert is_loopback(url)
    assert endpoint(url, local=False) == ""


@given(st.text(max_size=40))
def test_any_text_is_an_endpoint_or_nothing(text):
    made = endpoint(f"https://{text}", local=False)
    assert made == "" or (made.startswith("https://") and made.endswith("/") and not is_loopback(made))


@pytest.mark.parametrize(
    ("base", "method", "url"),
    [
        (f"{PORTAL}/rest/", "user.get", f"{PORTAL}/rest/user.get.json"),
        (f"{PORTAL}/rest/", "humanresources.node.get", f"{PORTAL}/rest/api/humanresources.node.get"),
        (f"{PORTAL}/rest/1/code/", "humanresources.node.get", f"{PORTAL}/rest/api/1/code/humanresources.node.get"),
        (f"{PORTAL}/rest/1/code/", "user.get", f"{PORTAL}/rest/1/code/user.get.json"),
    ],
)
def test_methods_of_the_third_generation_have_an_address_of_their_own(base, method, url):
    assert method_url(base, method) == url
