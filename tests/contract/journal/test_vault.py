"""Sealing."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from connector.errors import SettingsError
from connector.journal import Vault, WrongKey

OLD, NEW = "old key " * 5, "new key " * 5


@pytest.mark.parametrize("secret", ["", "token", "ключ 🔑", "x" * 100_000])
def test_what_was_sealed_is_unsealed(secret: str) -> None:
    sealed = Vault([OLD]).seal(secret)
    assert secret == "" or secret not in sealed
    assert Vault([SecretStr(OLD)]).unseal(sealed) == secret


def test_the_same_secret_never_looks_the_same() -> None:
    vault = Vault([OLD])
    assert vault.seal("x") != vault.seal("x")


def test_the_first_key_seals_and_every_key_opens() -> None:
    sealed = Vault([OLD]).seal("x")
    both = Vault([NEW, OLD])
    assert both.unseal(sealed) == "x"
    assert Vault([NEW]).unseal(both.seal("y")) == "y"
    assert Vault([NEW]).unseal(both.reseal(sealed)) == "x"


@pytest.mark.parametrize("sealed", ["", "nonsense", "gAAAAA", "не ascii"])
def test_what_no_key_opens_says_which_setting_to_look_at(sealed: str) -> None:
    with pytest.raises(WrongKey, match="CONNECTOR_SECRET_KEY"):
        Vault([NEW]).unseal(sealed)
    with pytest.raises(WrongKey):
        Vault([NEW]).reseal(Vault([OLD]).seal("x"))


def test_a_seal_that_was_touched_does_not_open() -> None:
    sealed = Vault([OLD]).seal("x")
    with pytest.raises(WrongKey):
        Vault([OLD]).unseal(sealed[:-10] + "AAAAAAAA==")


@pytest.mark.parametrize("keys", [[], [""], [OLD, ""]])
def test_an_empty_key_is_no_key(keys: list[str]) -> None:
    with pytest.raises(SettingsError):
        Vault(keys)


def test_each_purpose_has_a_key_of_its_own() -> None:
    vault = Vault([NEW, OLD])
    assert (
        len({vault.derive("media"), vault.derive("console"), vault.derive("vault"), Vault([OLD]).derive("media")}) == 4
    )
    assert len(vault.derive("media")) == 32
    assert vault.derive_all("media") == (vault.derive("media"), Vault([OLD]).derive("media"))
