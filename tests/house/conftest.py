from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("connector", "webhooks", "jobs", "mappings")


BUILT = {"var", "__pycache__", "node_modules"}


def listed() -> list[Path]:
    """The files that are, or would be, kept in version control; without git, all that nobody builds."""
    if not shutil.which("git"):
        found = (file.relative_to(ROOT) for file in ROOT.rglob("*") if file.is_file())
        return sorted(ROOT / name for name in found if not BUILT & set(name.parts) and not _hidden(name))
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return sorted(ROOT / name for name in names if name and (ROOT / name).is_file())


def _hidden(name: Path) -> bool:
    return name.parts[0].startswith(".") and name.parts[0] != ".ci"


@pytest.fixture(scope="session")
def files() -> list[Path]:
    return listed()


@pytest.fixture(scope="session")
def code(files: list[Path]) -> list[Path]:
    return [file for file in files if file.suffix == ".py"]


@pytest.fixture(scope="session")
def product(code: list[Path]) -> list[Path]:
    return [file for file in code if file.relative_to(ROOT).parts[0] in ROOMS]


@pytest.fixture(scope="session")
def texts(files: list[Path]) -> dict[Path, str]:
    """Every file that is text."""
    found: dict[Path, str] = {}
    for file in files:
        content = file.read_bytes()
        if b"\0" not in content:
            found[file] = content.decode("utf-8", "replace")
    return found


@pytest.fixture(scope="session")
def papers(texts: dict[Path, str]) -> dict[Path, str]:
    """What is written for readers."""
    return {
        file: text
        for file, text in texts.items()
        if file.suffix == ".md" and file.relative_to(ROOT).parts[0] != "tests"
    }


@pytest.fixture(scope="session")
def docs(papers: dict[Path, str]) -> str:
    """All that a reader may look into, in one string."""
    return "\n".join(papers.values())


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
