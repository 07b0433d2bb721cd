from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from connector.domain.request import Request
from connector.errors import Refused
from connector.providers.addresses import SafeUrl
from connector.providers.gate import Network, OurSecret, check_network, check_secret
from connector.providers.numbers import bare


def from_address(remote: str) -> Request:
    now = datetime(2026, 1, 15, tzinfo=UTC)
    return Request(method="POST", path="/", headers={}, body=b"", received_at=now, remote=remote)


@pytest.mark.parametrize("remote", ["203.0.113.9", "::ffff:203.0.113.9", "2001:db8::7"])
def test_a_request_from_a_listed_network_is_let_in(remote: str):
    check_network(from_address(remote), ("203.0.113.0/24", "2001:db8::/32"), "beeline")


@pytest.mark.parametrize("remote", ["203.0.114.9", "", "unix:", "2001:db9::7"])
def test_a_request_from_elsewhere_is_refused(remote: str):
    with pytest.raises(Refused) as refusal:
        check_network(from_address(remote), ("203.0.113.0/24", "2001:db8::/32"), "beeline")
    assert (refusal.value.cause, refusal.value.status) == ("beeline.network", 403)
    assert "allow_from" in refusal.value.hint.ru


def test_without_a_list_everybody_may_knock():
    check_network(from_address("198.51.100.1"), (), "beeline")


@pytest.mark.parametrize("offered", ["", "s" * 23, "s" * 25, "S" * 24, "ключ", "\ud800", " " + "s" * 24])
def test_only_the_very_secret_opens(offered: str):
    check_secret("s" * 24, SecretStr("s" * 24), "uis")
    with pytest.raises(Refused) as refusal:
        check_secret(offered, SecretStr("s" * 24), "uis")
    assert (refusal.value.cause, refusal.value.status) == ("uis.secret", 401)


@pytest.mark.parametrize("secret", ["", " " * 24, "short", "пароль" * 5, "a" * 129, "a" * 24 + "\n"])
def test_a_secret_of_ours_must_be_long_and_fit_an_address(secret: str):
    with pytest.raises(ValidationError):
        TypeAdapter(OurSecret).validate_python(secret)


def test_a_network_is_an_address_or_a_mask():
    assert TypeAdapter(Network).validate_python("203.0.113.7/24") == "203.0.113.0/24"
    assert TypeAdapter(Network).validate_python("203.0.113.7") == "203.0.113.7/32"
    with pytest.raises(ValidationError):
        TypeAdapter(Network).validate_python("office")


@pytest.mark.parametrize(
    ("address", "inner"),
    [
        ("tel:+79001112233", "+79001112233"),
        ("sip:101@pbx.example;user=phone", "101"),
        ("<SIPS:102@pbx.example>", "102"),
        ("client:anna", "anna"),
        ("9651112233@mpbx.sip.beeline.ru", "9651112233"),
        ("+7 900 111-22-33", "+7 900 111-22-33"),
        (79001112233, "79001112233"),
        ("Anonymous", ""),
        ("sip:anonymous@anonymous.invalid", ""),
        (None, ""),
        (True, ""),
    ],
)
def test_a_number_is_bare_of_its_wrapping(address: object, inner: str):
    assert bare(address) == inner


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "https://u:p@a.example/x", "http://a.example", "https://a.example/#x"]
)
def test_an_address_of_another_system_is_https_and_bears_no_password(url: str):
    with pytest.raises(ValidationError):
        TypeAdapter(SafeUrl).validate_python(url)
