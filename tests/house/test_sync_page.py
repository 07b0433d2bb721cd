"""docs/sync.md: every command can be called, every setting loads, every quoted word is the product's, and the walk
from a CSV file on an SFTP server to shipments beside the conversation is walked."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector import registry, settings
from connector.checkup.sources import source_findings
from connector.domain.access import AccessSettings
from connector.domain.sources import SourceSettings
from connector.domain.tagging import TaggingSettings
from connector.sync.health import STATES
from tests.house.conftest import ROOT
from tests.house.pages import FENCE, commands, parsed, pieces, text
from tests.house.sync_walk import RULES, Walk, assert_shown, shown_under, walk, yaml_pieces
from tests.house.test_mail_page import said, table
from tests.services import Redis

PAGES = ("sync.md", "sync.ru.md")
SECRETS = {
    "B24_CLIENT_SECRET": "secret",
    "ERP_URL": "postgresql://connector@erp.local/erp",
    "STOCK_SECRET": "whsec_" + "QUJD" * 8,
    "CONNECTOR_SECRET_KEY": "k" * 40,
}
PORTALS: Any = {"main": {"url": "https://acme.bitrix24.ru", "app": {"client_id": "local.1", "client_secret": "s"}}}
CODE = re.compile(r"`((?:table|process|mapping|sync)\.[a-z_]+)`")


@pytest.mark.parametrize(("page", "line"), commands(PAGES))
def test_every_command_can_be_called(page: str, line: str) -> None:
    parsed(line)


@pytest.mark.parametrize("page", PAGES)
def test_the_sources_of_the_page_load(page: str, tmp_path: Path) -> None:
    told = {name: one for piece in yaml_pieces(page) for name, one in piece.get("sources", {}).items()}
    assert set(told) == {"shipments", "stock", "segments"}
    file = tmp_path / "connector.yaml"
    file.write_text(yaml.safe_dump({"portals": PORTALS, "sources": told}), encoding="utf-8")
    text_ = file.read_text().replace("'${", '"${').replace("}'", '}"')
    file.write_text(text_)
    loaded = settings.load(file, SECRETS, registry.models(), sources=registry.sources()).sources
    assert isinstance(loaded["shipments"], SourceSettings)
    assert isinstance(loaded["segments"].tags, TaggingSettings)


@pytest.mark.parametrize("page", PAGES)
def test_the_rules_of_the_page_are_the_example(page: str) -> None:
    own = [piece for piece in yaml_pieces(page) if "sources" not in piece]
    assert own == list(yaml.safe_load_all(RULES.read_text(encoding="utf-8")))
    (csv,) = pieces(page, "csv")
    assert csv == (RULES.parent / "shipments.csv").read_text(encoding="utf-8")


def test_both_pages_show_the_same_pieces() -> None:
    bare = [[(kind, re.sub(r" *#.*", "", body)) for kind, body in FENCE.findall(text(page)) if kind] for page in PAGES]
    assert bare[0] == bare[1]
    for mark in ("\n## ", "\n### ", "\n| ", "\n* ", "\n```\n"):
        assert text(PAGES[0]).count(mark) == text(PAGES[1]).count(mark), mark
    assert CODE.findall(text(PAGES[0])) == CODE.findall(text(PAGES[1]))


@pytest.mark.parametrize("page", PAGES)
def test_every_code_is_one_of_the_product(page: str) -> None:
    codes = set(CODE.findall(text(page)))
    assert len(codes) > 10
    assert codes - set(said()) == set()


@pytest.mark.parametrize("page", PAGES)
def test_the_quoted_messages_are_said_by_the_product(page: str) -> None:
    heading = "| You see | Why | Do |" if page == PAGES[0] else "| Вы видите | Почему | Что делать |"
    seen = " ".join(row[0] for row in table(page, heading))
    quoted = re.findall(r"\"([^\"]+)\"", seen) if page == PAGES[0] else re.findall(r"«([^«»]+)»", seen)
    assert len(quoted) > 10
    wanted = {quote: ".{1,60}?".join(re.escape(part) for part in quote.split("…")) for quote in quoted}
    assert [quote for quote, pattern in wanted.items() if not any(re.search(pattern, one) for one in said())] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_of_the_page_is_one_of_a_source(page: str) -> None:
    heading = "| Wish | How |" if page == PAGES[0] else "| Желание | Как |"
    named = {name for _, how in table(page, heading) for name in re.findall(r"`([a-z_]+): [^`]*`", how)}
    assert len(named) > 8
    assert named - {"on"} - set(SourceSettings.model_fields) == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_state_of_a_source_is_told_what_to_do(page: str) -> None:
    heading = "| State | Means | Do |" if page == PAGES[0] else "| Состояние | Что значит | Что делать |"
    told = " ".join(row[0] for row in table(page, heading))
    words = [state.en if page == PAGES[0] else state.ru for _, state in STATES.values()]
    assert [word for word in words if word not in told] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_kind_of_source_has_its_line(page: str) -> None:
    for slug in registry.sources():
        assert f"../connector/providers/{slug}/README.md" in text(page)


def test_every_setting_of_a_source_is_in_the_docs() -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    own = {name for model in (SourceSettings, TaggingSettings, AccessSettings) for name in model.model_fields}
    own |= {name for model in registry.sources().values() for name in model.model_fields}
    assert [name for name in sorted(own - {"source"}) if f"`{name}`" not in page] == []


def checked(walker: Walk) -> None:
    """``connector check``: the lines of the source, as far as they are not of the network."""
    found = {one.what.say(walker.language): one.state for one in source_findings(walker.connector, "shipments")}
    shown = takewhile(lambda line: line.startswith("  "), shown_under(walker.page, "connector check"))
    marks = {"✓": "ok", "✗": "bad", "!": "warn"}
    assert {line[4:]: marks[line[2]] for line in shown}.items() <= found.items()


def loaded(walker: Walk) -> None:
    """Steps 4 to 6: rules, a look, the first run; the shipments are there, linked and told."""
    walker.rules()
    walker.sees("connector mappings check --portal main")
    field = {"fieldName": "UF_CRM_ORDER_NO", "userTypeId": "string", "entityId": "CRM_DEAL"}
    walker.crm("userfieldconfig.add", moduleId="crm", field=field)
    phone = [{"typeId": "PHONE", "valueType": "WORK", "value": "+79001112233"}]
    buyer = walker.crm("crm.item.add", entityTypeId=3, fields={"name": "Анна", "fm": phone})["item"]["id"]
    deal = walker.crm("crm.item.add", entityTypeId=2, fields={"title": "Заказ", "ufCrmOrderNo": "4711"})["item"]["id"]
    walker.sees("connector sync run shipments --dry-run")
    walker.sees("connector sync run shipments")
    walker.sees("connector sync rows shipments --run 1")
    first = walker.items()["S-1001"]
    assert (first["contactId"], first["parentId2"]) == (buyer, deal)
    assert (first["UF_CRM_1_TRACK_NO"], first["UF_CRM_1_WEIGHT"]) == ("80112345", 1.5)
    assert walker.stages() == {"S-1001": "SENT", "S-1002": "PACKED"}
    assert walker.timeline("S-1001") == ["sent, Тверь (10.03.2026 09:15)"]


def changed(walker: Walk) -> None:
    """Step 8: a row changes, then one vanishes; nothing else is written."""
    header, first, second = pieces(walker.page, "csv")[0].splitlines()
    first = first.replace("sent,Тверь", "delivered,Москва")
    walker.put("\n".join((header, first, second, "")))
    assert "1, " in walker.types("connector sync run shipments")
    assert walker.stages() == {"S-1001": "SUCCESS", "S-1002": "PACKED"}
    assert walker.timeline("S-1001")[1:] == ["delivered, Москва (10.03.2026 09:15)"]
    walker.put("\n".join((header, first, "")))
    walker.types("connector sync run shipments")
    assert walker.stages() == {"S-1001": "SUCCESS", "S-1002": "LOST"}
    (run, *_) = walker.connector.journal.runs_of("shipments")
    assert (run.state, run.counts["gone"], run.counts["updated"]) == ("done", 1, 1)
    assert len(walker.timeline("S-1002")) == 2
    walker.sees("connector sync list")


def braked(walker: Walk) -> None:
    """Most rows are missing: the run stops there and says what to do; a person allows it."""
    header, first, _ = pieces(walker.page, "csv")[0].splitlines()
    rows = [first.replace("S-1001", f"S-20{number}") for number in range(10, 22)]
    walker.put("\n".join((header, *rows, "")))
    walker.types("connector sync run shipments --allow-gone")
    walker.put("\n".join((header, *rows[:3], "")))
    shown = next(body for kind, body in FENCE.findall(text(walker.page)) if not kind and "(brake)" in body)
    assert_shown(shown.splitlines(), walker.types("connector sync run shipments"))
    assert set(walker.stages().values()) == {"LOST", "SENT"}
    walker.types("connector sync run shipments --allow-gone")
    assert list(walker.stages().values()).count("SENT") == 3


def parked(walker: Walk) -> None:
    """What cannot be read or placed is parked with its reason; what is mended goes by itself."""
    header, first, second = pieces(walker.page, "csv")[0].splitlines()
    third, fourth = first.replace("1001", "1003").replace("cdek", "dhl"), second.replace("1002", "1004")
    walker.put("\n".join((header, first, second, third, fourth.replace('"0,8"', "7 кг"), "")))
    walker.types("connector sync run shipments --allow-gone")
    walker.sees("connector sync rows shipments")
    walker.put("\n".join((header, first, second, third, fourth, "")))
    walker.types("connector sync run shipments")
    walker.types("connector sync discard shipments S-1003 --why test")
    assert walker.stages()["S-1004"] == "PACKED"
    assert walker.connector.journal.mirror_rows("shipments", state="parked") == []


def forgotten(walker: Walk) -> None:
    """The mirror is lost: items are found by their external ids, nothing is made twice."""
    before = walker.items()
    assert walker.connector.journal.forget_mirror("shipments")
    walker.types("connector sync run shipments --full")
    assert walker.items() == before


def pushed(walker: Walk) -> None:
    """The script that posts rows proves itself, and they are read by the next run."""
    assert walker.posts() == '{"kept": true}'
    walker.types("connector sync run stock")
    rows = walker.connector.journal.mirror_rows("stock")
    assert {row.record: row.values["left"] for row in rows} == {"A-1": 4, "A-2": 0}


@pytest.mark.parametrize(("page", "language"), tuple(zip(PAGES, ("en", "ru"), strict=True)))
def test_the_walk(page: str, language: str, tmp_path: Path, redis_server: Redis) -> None:
    with walk(page, language, tmp_path, redis_server) as walker:
        walker.put(pieces(page, "csv")[0])
        checked(walker)
        loaded(walker)
        chat = walker.client_writes("Где моя посылка?")
        note = next(body for kind, body in FENCE.findall(text(page)) if not kind and body.startswith("Отгрузки\n"))
        assert re.sub(r"\[/?b\]", "", str(chat[-1]["text"])).endswith(note.strip())
        assert walker.house.heard("chat-7", account="site") == []
        changed(walker)
        braked(walker)
        parked(walker)
        forgotten(walker)
        pushed(walker)
