"""docs/telephony.md: every command can be called, every setting loads, every code and output is the product's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from connector import settings
from connector.domain.calls import Cause
from connector.handlers.calls.outcome import Outcome, outcome
from connector.handlers.calls.story import Story
from connector.providers.asterisk import settings as asterisk
from connector.registry import models, providers
from connector.rulebook.folder import contents
from connector.rulebook.kinds import KINDS
from mappings.loading import load
from tests.house.pages import FENCE, commands, parsed, pieces, text

PAGES = ("telephony.md", "telephony.ru.md")
SECRETS = dict.fromkeys(("B24_CLIENT_SECRET", "OFFICE_SECRET", "PBX_FILES", "ROUTE_TOKEN"), "5f" * 24)

# The rows of the table "How a call ended", in its order.
ENDINGS: tuple[tuple[Cause, ...], ...] = (
    ("missed",),
    ("cancelled",),
    ("busy",),
    ("refused",),
    ("voicemail",),
    ("after_hours",),
    ("unreachable",),
    ("invalid",),
    ("forbidden",),
    ("no_money",),
    ("failed",),
    ("lost",),
)


@pytest.mark.parametrize(("page", "line"), commands(PAGES))
def test_every_command_can_be_called(page: str, line: str) -> None:
    parsed(line)


@pytest.mark.parametrize("page", PAGES)
def test_the_settings_of_the_page_load_with_each_way_to_recordings(page: str, tmp_path: Path) -> None:
    first, *others = [yaml.safe_load(piece) for piece in pieces(page, "yaml")]
    keys = [piece for piece in others if "tables" not in piece]
    assert {key for piece in keys for key in piece} == {"recordings", "route_token", "hours", "callback", "cdr"}
    for recordings in (piece for piece in keys if "recordings" in piece):
        account = {**first["accounts"]["office"], **{key: value for piece in keys for key, value in piece.items()}}
        told = {**first, "accounts": {"office": {**account, **recordings}}}
        file = tmp_path / "connector.yaml"
        file.write_text(yaml.safe_dump(told), encoding="utf-8")
        loaded = settings.load(file, {**SECRETS, "CONNECTOR_SECRET_KEY": "k" * 40}, models())
        assert isinstance(loaded.accounts["office"], asterisk.AsteriskSettings)


def test_the_table_of_extensions_of_the_page_loads() -> None:
    (csv,) = pieces("telephony.md", "csv")
    (said,) = (piece for piece in pieces("telephony.md", "yaml") if "tables" in piece)
    table = load({**contents(None), "_settings.yaml": said, "extensions.csv": csv}, KINDS).config.tables["extensions"]
    assert {number: row["user"] for number, row in table.items()} == {"103": "12", "9161112233": "12"}


def test_both_pages_show_the_same_pieces() -> None:
    bare = [
        [(kind, re.sub(r" *[#;].*", "", body)) for kind, body in FENCE.findall(text(page)) if kind] for page in PAGES
    ]
    assert bare[0] == bare[1]
    assert text(PAGES[0]).count("\n## ") == text(PAGES[1]).count("\n## ")


@pytest.mark.parametrize("page", PAGES)
def test_every_code_is_one_of_the_product(page: str, texts: dict[Path, str]) -> None:
    code = "\n".join(body for file, body in texts.items() if file.suffix == ".py" and "tests" not in file.parts)
    codes = set(re.findall(r"`((?:asterisk|recording|effect)\.[a-z_]+)`", text(page)))
    assert len(codes) > 20
    assert {one for one in codes if f'"{one}"' not in code} == set()
    assert '"call_user": Text(' in code


def test_every_refusal_of_asterisk_is_told_what_to_do() -> None:
    folder = Path(asterisk.__file__).parent
    raised = r'(?:Error|Stopped|kind)\(\s*"(asterisk\.\w+)"|\("(asterisk\.\w+)", _[A-Z]'
    found = {
        first or second
        for file in folder.glob("*.py")
        for first, second in re.findall(raised, file.read_text(encoding="utf-8"))
    }
    by_itself = {"asterisk.gone", "asterisk.silent", "asterisk.no_hook"}
    assert "asterisk.login" in found
    assert {code for code in found - by_itself if f"`{code}`" not in text("telephony.md")} == set()


@pytest.mark.parametrize("page", PAGES)
def test_the_lines_that_should_be_seen_are_said_by_the_product(page: str, texts: dict[Path, str]) -> None:
    code = "\n".join(body for file, body in texts.items() if file.suffix == ".py" and "tests" not in file.parts)
    shown = [line[4:].partition(": ")[0] for line in text(page).splitlines() if re.match(r"  [✓✗!] ", line)]
    assert len(shown) > 8
    assert [line for line in shown if f'"{line}' not in code] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_table_of_endings_is_what_the_product_makes_of_them(page: str) -> None:
    part = text(page).partition("| 200 | 200 |\n")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")][1:] for row in part.splitlines()]
    assert len(rows) == len(ENDINGS)
    for (incoming, outgoing), causes in zip(rows, ENDINGS, strict=True):
        for cause in causes:
            came, went = ended("incoming", cause), ended("outgoing", cause)
            assert incoming.startswith(came.status)
            assert outgoing in ("", "the same", "так же") or outgoing.startswith(went.status)
            quoted = re.search(r"[“\"«]([A-Z][^”\"»]+)[”\"»]", incoming)
            assert quoted is None or quoted[1] == came.reason


def ended(direction: str, cause: Cause) -> Outcome:
    at = "2026-01-15T12:00:30.000+00:00"
    end = {"at": at, "cause": cause, "talk": 0, "employee": "", "answered_at": "", "past": False, "detail": ""}
    story = Story(began="2026-01-15T12:00:00.000+00:00", said={"direction": [at, direction]}, ends=[end])
    return outcome(story)


@pytest.mark.parametrize("page", PAGES)
def test_every_telephone_system_has_its_section(page: str) -> None:
    slugs = [slug for slug, provider in providers().items() if provider.telephony is not None]
    assert [slug for slug in slugs if f"../connector/providers/{slug}/README.md" not in text(page)] == []
