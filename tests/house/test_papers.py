from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from connector import settings
from connector.cli import cli
from connector.domain.mailbox import MailSettings
from connector.domain.provider import AccountSettings
from connector.domain.sources import SourceSettings
from connector.domain.telephony import PbxSettings
from connector.registry import models, providers, sources
from connector.settings.machine import MACHINE_NAMES
from tests.house.capabilities import rows

REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("proxy", "golang", "org"),
    )
)
OF_ALL = frozenset(AccountSettings.model_fields)
OF_PBXS = frozenset(PbxSettings.model_fields) - OF_ALL
EXAMPLE = {
    "B24_CLIENT_SECRET": "secret",
    "DESK_TOKEN": "token",
    "ERP_URL": "postgresql://connector:password@erp.local/erp",
    "LDAP_PASSWORD": "password",
    "MANGO_KEY": "key",
    "MANGO_SIGN_KEY": "key",
    "OFFICE_SECRET": "secret",
    "ONEC_PASSWORD": "password",
    "STOCK_SECRET": "whsec_" + base64.b64encode(b"s" * 32).decode(),
    "SUPPORT_PASSWORD": "password",
    "TELEGRAM_TOKEN": "123456:token",
    "TELEGRAM_SECRET": "secret",
    "SITE_CHAT_SECRET": "s" * 64,
    "SITE_SECRET": "whsec_" + base64.b64encode(b"s" * 32).decode(),
}
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(rf"{FENCE.pattern}|`[^`\n]+`", re.MULTILINE | re.DOTALL)
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME")) + r")\b")


def commands(group: click.Group, path: str = "connector") -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


@pytest.mark.parametrize("path", [path for path, _ in commands(cli)])
def test_every_command_is_in_the_docs(path: str, docs: str):
    assert path in docs


@pytest.mark.parametrize(("path", "command"), [pair for pair in commands(cli) if not isinstance(pair[1], click.Group)])
def test_every_command_answers_programs_and_both_languages(path: str, command: click.Command):
    names = {name for parameter in command.params for name in parameter.opts}
    assert {"--json", "--lang"} <= names or path == "connector sandbox"
    assert command.help


def test_every_setting_is_in_the_docs(root: Path):
    page = (root / "docs/settings.md").read_text(encoding="utf-8")
    keys = [
        name
        for model in (
            settings.PortalSettings,
            settings.AppSettings,
            settings.BudgetSettings,
            settings.Limits,
            settings.ConsoleSettings,
            settings.PortalUsers,
        )
        for name in model.model_fields
        if name != "name"
    ]
    missing = [key for key in [*keys, *settings.TOP_KEYS, *MACHINE_NAMES] if f"`{key}`" not in page]
    assert not missing


@pytest.mark.parametrize("slug", sorted(models()))
def test_every_provider_folder_is_complete(slug: str, root: Path):
    folder = root / "connector/providers" / slug
    readme = (folder / "README.md").read_text(encoding="utf-8")
    page = (root / "docs/providers.md").read_text(encoding="utf-8")
    shared = OF_ALL | OF_PBXS if issubclass(models()[slug], PbxSettings) else OF_ALL
    assert [name for name in models()[slug].model_fields if name not in shared and f"`{name}`" not in readme] == []
    assert [file.name for kind in ("*.http", "*.ami", "*.imap") for file in (folder / "fixtures").glob(kind)]
    assert "PROVIDER" in (folder / "__init__.py").read_text(encoding="utf-8")
    assert f"`{slug}`" in page


def test_what_every_telephone_system_may_say_is_in_the_docs(root: Path):
    for page in ("docs/providers.md", "docs/settings.md"):
        text = (root / page).read_text(encoding="utf-8")
        assert [name for name in sorted(OF_PBXS) if f"`{name}`" not in text] == []


def test_the_table_of_providers_is_what_their_manifests_say(root: Path):
    page = (root / "docs/providers.md").read_text(encoding="utf-8")
    missing = [row for row in rows() if row not in page]
    assert not missing, "renew it with: python -m tests.house.capabilities"


def test_no_file_names_a_package_registry(texts: dict[Path, str], root: Path):
    found = [f"{file.relative_to(root)}: {host}" for file, text in texts.items() for host in REGISTRIES if host in text]
    assert not found


def test_nothing_is_left_unfinished(texts: dict[Path, str], root: Path):
    assert [str(file.relative_to(root)) for file, text in texts.items() if UNFINISHED.search(text)] == []


def test_every_make_target_of_the_papers_exists(papers: dict[Path, str], root: Path):
    targets = set(re.findall(r"^([a-z0-9]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = {
        target for text in papers.values() for target in re.findall(r"(?:^|`)\s*make ([a-z0-9]+)", text, re.MULTILINE)
    }
    assert {"demo", "test"} <= asked
    assert asked <= targets


def prose(text: str) -> str:
    """What a reader sees as text: code may look like a link."""
    return CODE.sub("", text)


def anchors(text: str) -> set[str]:
    """The names that headings are linked by."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_between_papers_lead_somewhere(papers: dict[Path, str], root: Path):
    broken = [
        f"{file.relative_to(root)} → {link}"
        for file, text in papers.items()
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", prose(text))
        if not (file.parent / link).exists()
    ]
    assert not broken


def test_links_to_parts_of_papers_lead_to_a_heading(papers: dict[Path, str], root: Path):
    broken = [
        f"{file.relative_to(root)} → {link}#{part}"
        for file, text in papers.items()
        for link, part in re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)#([^)\s]+)\)", prose(text))
        if part not in anchors((file.parent / link).read_text(encoding="utf-8") if link else text)
    ]
    assert not broken


def test_both_readmes_have_the_same_parts(root: Path):
    english, russian = ((root / name).read_text(encoding="utf-8") for name in ("README.md", "README.ru.md"))
    assert english.count("\n## ") == russian.count("\n## ") > 0
    assert re.findall(r"```(\w+)", english) == re.findall(r"```(\w+)", russian)


def test_the_changelog_tells_of_the_current_version(root: Path):
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (Unreleased|0\.1\.0)", changelog, re.MULTILINE)


def test_the_example_settings_load(root: Path):
    example = root / "connector.example.yaml"
    env = {**EXAMPLE, "CONNECTOR_SECRET_KEY": "k" * 40}
    loaded = settings.load(example, env, models(), sources=sources())
    assert set(loaded.accounts) >= {"shop"}
    used = {account.provider for account in loaded.accounts.values()}
    postal = {slug for slug, model in models().items() if issubclass(model, MailSettings)}
    assert used >= {slug for slug, provider in providers().items() if provider.channel} - postal
    assert used & postal
    assert used & {slug for slug, provider in providers().items() if provider.telephony}
    assert {source.provider for source in loaded.sources.values()} == set(sources())


@pytest.mark.parametrize("slug", sorted(sources()))
def test_every_source_folder_is_complete(slug: str, root: Path):
    readme = (root / "connector/providers" / slug / "README.md").read_text(encoding="utf-8")
    own = [name for name in sources()[slug].model_fields if name not in SourceSettings.model_fields]
    assert [name for name in own if f"`{name}`" not in readme and f"`{name}." not in readme] == []
    assert "## По-русски" in readme
