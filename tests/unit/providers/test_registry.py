from __future__ import annotations

from pathlib import Path

import pytest

from connector.domain.provider import AccountSettings
from connector.errors import SettingsError
from connector.registry import models, providers, scan

GOOD = """
from connector.domain.provider import AccountSettings, Capabilities, Provider
from connector.speech import Text
PROVIDER = Provider(slug="{slug}", title=Text("a", "б"), settings=AccountSettings, capabilities=Capabilities())
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A package of provider folders with a name of its own, so that tests do not share modules."""
    folder = tmp_path / f"rooms_{abs(hash(request.node.name))}"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def add(room: Path, name: str, code: str) -> None:
    (room / name).mkdir()
    (room / name / "__init__.py").write_text(code, encoding="utf-8")


def test_every_folder_of_the_product_is_found():
    assert {"telegram", "generic"} <= set(providers())
    assert all(provider.slug == slug for slug, provider in providers().items())
    assert all(issubclass(model, AccountSettings) for model in models().values())


def test_the_found_providers_cannot_be_changed():
    with pytest.raises(TypeError):
        providers()["x"] = providers()["telegram"]  # type: ignore[index]


def test_a_new_folder_needs_no_list(room: Path):
    add(room, "pigeon", GOOD.format(slug="pigeon"))
    (room / "shared.py").write_text("", encoding="utf-8")
    assert list(scan([str(room)], room.name)) == ["pigeon"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("def broken(", "SyntaxError"),
        ("raise OSError('no disk')", "no disk"),
        ("", "no PROVIDER manifest"),
        ("PROVIDER = 5", "no PROVIDER manifest"),
        (GOOD.format(slug="dove"), "slug='dove'"),
    ],
)
def test_a_broken_folder_is_named(room: Path, code: str, said: str):
    add(room, "good", GOOD.format(slug="good"))
    add(room, "pigeon", code)
    with pytest.raises(SettingsError) as error:
        scan([str(room)], room.name)
    assert f"{room.name}/pigeon/" in str(error.value)
    assert said in str(error.value)
