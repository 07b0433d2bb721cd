"""docs/mail.md: every command can be called, every setting loads, every code and every quoted word is the product's."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
import yaml

from connector import settings
from connector.cli.state import _MAIL_COLUMNS as MAIL_COLUMNS
from connector.domain.events import Event
from connector.domain.mailbox import MailSettings
from connector.providers.mail import words
from connector.providers.mail.settings import MailboxSettings
from connector.providers.postal import SmtpSettings
from connector.providers.posting import copy_of
from connector.providers.smtp_verdicts import MEANINGS
from connector.registry import models
from tests.house.conftest import ROOT
from tests.house.pages import FENCE, commands, parsed, pieces, text

PAGES = ("mail.md", "mail.ru.md")
_HOLE = re.compile(r"\{\w*\}")
SECRETS = {
    "B24_CLIENT_SECRET": "secret",
    "SUPPORT_PASSWORD": "password",
    "SUPPORT_CLIENT_SECRET": "secret",
    "SUPPORT_REFRESH_TOKEN": "token",
    "CONNECTOR_SECRET_KEY": "k" * 40,
}
CODE = re.compile(r"`((?:mail|smtp|oauth|mailgun|sendgrid|postmark)\.(?!host|largest)[a-z_]+)`")
RAISED = re.compile(r'(?:Stopped|PermanentError|TransientError)\(\s*"((?:mail|smtp|oauth)\.\w+)"')
# Waited for, or told whole where they happen: nothing for a reader to look up.
BY_ITSELF = frozenset(
    {
        "mail.lost",
        "mail.no_mark",
        "mail.refused",
        "oauth.unavailable",
        "oauth.unreachable",
        "smtp.busy",
        "smtp.later",
        "smtp.size",
        "mail.unchangeable",
        "mail.no_heading",
        "mail.empty",
        "smtp.utf8",
        "smtp.refused",
    }
)


def table(page: str, heading: str) -> list[list[str]]:
    """The rows below that line, its cells stripped."""
    lines = text(page).partition(heading)[2].partition("\n\n")[0].strip().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows if set("".join(row)) != {"-"}]


@cache
def said() -> tuple[str, ...]:
    """All that the product may say: the text constants of its files."""
    files = [file for room in ("connector", "webhooks", "jobs", "mappings") for file in (ROOT / room).rglob("*.py")]
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files)
    found = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return tuple(value for value in found if isinstance(value, str) and len(value) > 6)


def is_said(line: str) -> bool:
    """Whether the product says the line, whatever stands in the holes of its template."""
    templates = [_HOLE.split(one) for one in said()]
    own = (parts for parts in templates if parts[0] and line.startswith(parts[0]) and sum(map(len, parts)) >= 10)
    return any(re.fullmatch("(.+?)".join(map(re.escape, parts)), line) for parts in own)


@pytest.mark.parametrize(("page", "line"), commands(PAGES))
def test_every_command_can_be_called(page: str, line: str) -> None:
    parsed(line)


@pytest.mark.parametrize("page", PAGES)
def test_the_settings_of_the_page_load_with_each_way_in(page: str, tmp_path: Path) -> None:
    told = [yaml.safe_load(piece) for piece in pieces(page, "yaml")]
    (whole,) = (piece for piece in told if "accounts" in piece)
    ways = [{}, *(piece for piece in told if "accounts" not in piece)]
    assert [bool(way.get("imap", {}).get("oauth")) for way in ways] == [False, True, True, False]
    for way in ways:
        account = {**whole["accounts"]["support"], **way}
        file = tmp_path / "connector.yaml"
        file.write_text(yaml.safe_dump({**whole, "accounts": {"support": account}}), encoding="utf-8")
        loaded = settings.load(file, SECRETS, models()).accounts["support"]
        assert isinstance(loaded, MailboxSettings)
        assert loaded.smtp.oauth == loaded.imap.oauth


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_of_the_page_is_one_of_an_account_of_mail(page: str) -> None:
    known = {
        *MailSettings.model_fields,
        *MailboxSettings.model_fields["imap"].annotation.model_fields,
        *(about.alias or name for name, about in SmtpSettings.model_fields.items()),
    }
    heading = "| Wish | How |" if page == PAGES[0] else "| Желание | Как |"
    named = {name for _, how in table(page, heading) for name in re.findall(r"`([a-z_]+)(?:: [^`]*)?`", how)}
    assert len(named) > 8
    assert named - known - {"imap", "smtp"} == set()


def test_both_pages_show_the_same_pieces() -> None:
    bare = [[(kind, re.sub(r" *#.*", "", body)) for kind, body in FENCE.findall(text(page)) if kind] for page in PAGES]
    assert bare[0] == bare[1]
    for mark in ("\n## ", "\n### ", "\n| ", "\n* ", "\n```\n"):
        assert text(PAGES[0]).count(mark) == text(PAGES[1]).count(mark), mark
    assert CODE.findall(text(PAGES[0])) == CODE.findall(text(PAGES[1]))


@pytest.mark.parametrize("page", PAGES)
def test_every_code_is_one_of_the_product(page: str) -> None:
    couriers = {f"{slug}.not_raw" for slug in ("mailgun", "sendgrid", "postmark")}
    known = {*said(), *(f"smtp.{cause}" for _, cause, _ in MEANINGS), *couriers}
    codes = set(CODE.findall(text(page)))
    assert len(codes) > 15
    assert {code for code in codes if code not in known} == set()


def test_every_refusal_is_told_what_to_do() -> None:
    rooms = [*(ROOT / "connector/providers/mail").glob("*.py"), *(ROOT / "connector/providers").glob("*.py")]
    found = {code for file in rooms for code in RAISED.findall(file.read_text(encoding="utf-8"))}
    assert {"mail.login", "smtp.unclear", "oauth.refused"} <= found
    assert {code for code in found - BY_ITSELF if f"`{code}`" not in text(PAGES[0])} == set()


@pytest.mark.parametrize("page", PAGES)
def test_the_lines_that_should_be_seen_are_said_by_the_product(page: str) -> None:
    shown = [line[4:] for line in text(page).splitlines() if re.match(r"  [✓✗!] ", line)]
    assert len(shown) > 8
    assert [line for line in shown if not is_said(line)] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_quoted_messages_are_said_by_the_product(page: str) -> None:
    heading = "| You see | Why | Do |" if page == PAGES[0] else "| Вы видите | Почему | Что делать |"
    seen = " ".join(row[0] for row in table(page, heading))
    quoted = re.findall(r"\"([^\"]+)\"", seen) if page == PAGES[0] else re.findall(r"«((?:[^«»]|«[^«»]*»)+)»", seen)
    assert len(quoted) > 18
    wanted = {quote: ".{1,60}?".join(re.escape(part) for part in quote.split("…")) for quote in quoted}
    assert [quote for quote, pattern in wanted.items() if not any(re.search(pattern, one) for one in said())] == []


@pytest.mark.parametrize("page", PAGES)
def test_who_keeps_what_we_sent_is_told_for_each_choice(page: str) -> None:
    heading = "| `copy` | Who keeps it |" if page == PAGES[0] else "| `copy` | У кого копия |"
    rows = {row[0].strip("`"): row for row in table(page, heading) if row[0].startswith("`")}
    choices = set(get_args(SmtpSettings.model_fields["copy_"].annotation))
    assert set(rows) == choices - {"auto"}


def test_the_services_of_the_page_are_those_that_are_known() -> None:
    rows = [row for row in table(PAGES[0], "| Service |") if row[1].startswith("`")]
    hosts = [(row[1].strip("`"), row[2].strip("`")) for row in rows]
    assert len(hosts) == 4
    plain = words.advice("mail.acme.ru", oauth=False)
    assert [imap for imap, _ in hosts if words.advice(imap, oauth=False) == plain] == []
    kept = [smtp for _, smtp in hosts if copy_of(SmtpSettings(host=smtp), folders=True) == "server"]
    assert kept == ["smtp.yandex.ru", "smtp.gmail.com", "smtp.office365.com"]


def test_the_journal_of_a_first_letter_has_events_of_the_product() -> None:
    (shown,) = (body for kind, body in FENCE.findall(text(PAGES[0])) if not kind and body.startswith("what "))
    kinds = {line.split()[0] for line in shown.splitlines()[1:]}
    told = " ".join(str(event.__annotations__.get("kind")) for event in get_args(Event))
    assert kinds <= set(re.findall(r"[\"']([a-z.]+)[\"']", told))


@pytest.mark.parametrize("page", PAGES)
def test_the_status_of_the_page_has_the_columns_of_the_product(page: str) -> None:
    (shown,) = (body for kind, body in FENCE.findall(text(page)) if not kind and body.startswith("mailbox "))
    header, row = shown.splitlines()
    columns = re.split(r"  +", header)
    assert columns == [column.en for column in MAIL_COLUMNS]
    assert len(re.split(r"  +", row)) == len(columns)
