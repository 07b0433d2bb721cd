from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connector.providers.ldap.names import first_value, key_of
from tests.contract.sources.ldap.directory import settings


def _refused(**given: Any) -> str:
    with pytest.raises(ValidationError) as raised:
        settings(**given)
    return repr(raised.value.errors())


@pytest.mark.parametrize(
    "url", ["dc.acme.ru", "http://dc.acme.ru", "ldaps://", "ldaps://u:p@dc", "ldap://dc/dc=acme", "ldap://dc:port"]
)
def test_an_address_that_is_no_directory_is_refused(url: str) -> None:
    assert "ldaps://dc.acme.ru" in _refused(url=url)


def test_plain_ldap_is_for_loopback_only() -> None:
    assert settings(url="ldap://dc.acme.ru").upgraded
    assert not settings(url="ldap://127.0.0.1:3389").upgraded
    assert settings(url="ldap://127.0.0.1", starttls=True).upgraded
    assert not settings(url="ldaps://dc.acme.ru").upgraded
    assert "ldaps://" in _refused(url="ldap://dc.acme.ru", starttls=False)


def test_a_dn_without_a_password_is_refused_for_servers_take_it_for_anybody() -> None:
    assert "bind_dn" in _refused(bind_dn="cn=reader", password="")
    assert "bind_dn" in _refused(bind_dn="cn=reader")
    assert "bind_dn" in _refused(password="secret")
    assert "secret" not in repr(settings(bind_dn="cn=reader", password="secret"))


def test_a_filter_stands_in_brackets() -> None:
    assert "(objectClass" in _refused(people={"filter": "objectClass=person"})
    assert "(objectClass" in _refused(groups={"filter": "(&(cn=a)"})


def test_our_own_columns_are_no_attributes() -> None:
    assert "groups" in _refused(people={"attributes": ["title", "Groups"]})


def test_what_is_not_said_follows_from_the_id() -> None:
    directory = settings(people={"id": "objectGUID"}).people
    assert (directory.wanted, directory.stamp) == ("(&(objectCategory=person)(objectClass=user))", "whenChanged")
    other = settings(people={"id": "entryUUID"}).people
    assert (other.wanted, other.stamp) == ("(objectClass=inetOrgPerson)", "modifyTimestamp")


@pytest.mark.parametrize(
    "spelled",
    [
        "cn=Sales\\, North+uid=7,ou=Отделы,dc=acme",
        "CN = sales\\2c  north + UID=7 , OU=ОТДЕЛЫ,DC=Acme",
        'uid=7+cn="Sales, North",ou=\\d0\\9e\\d1\\82\\d0\\b4\\d0\\b5\\d0\\bb\\d1\\8b,dc=acme',
    ],
)
def test_one_dn_has_one_key(spelled: str) -> None:
    assert key_of(spelled) == "cn=sales%2c north+uid=7,ou=отделы,dc=acme"


def test_other_dns_have_other_keys() -> None:
    assert key_of("cn=a\\,b,dc=c") != key_of("cn=a,cn=b,dc=c") != key_of("cn=a,dc=c")
    assert first_value("cn=Sales\\, North+uid=7,dc=acme") == "Sales, North"
