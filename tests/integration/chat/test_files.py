"""Files of visitors, and the files of the chat itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.bootstrap import Connector
from connector.media import Media
from tests.integration.chat.browsing import OWN_ORIGIN, PNG, Browser
from webhooks.app import create_app
from webhooks.chat.talking import RESERVE


def test_a_file_is_kept_and_given_back_as_what_it_is(house: Connector, browser: Browser):
    browser.arrive()
    answer = browser.upload()
    assert answer.status_code == 201
    file = answer.json
    assert (file["name"], file["mime"], file["kind"], file["image"]) == ("чек.png", "image/png", "image", True)
    browser.say("вот", files=[file["id"]])
    [message] = browser.state()["messages"]
    assert message["files"][0]["url"] == file["url"]
    given = browser.client.get(file["url"].removeprefix(OWN_ORIGIN))
    assert (given.data, given.headers["Content-Type"]) == (PNG, "image/png")


HTML, SVG = b"<html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.html", HTML), ("a.svg", SVG), ("a.png", HTML), ("a.pdf.exe", b"MZ\x90"), ("", SVG), ("a.apk", b"PK\x03\x04")],
)
def test_what_is_no_picture_and_no_document_is_not_taken(house: Connector, browser: Browser, name: str, content: bytes):
    browser.arrive()
    answer = browser.upload(name, content, "image/png")
    assert (answer.status_code, answer.json["error"]) == (415, "file.kind")
    assert not list((house.settings.var / "media").glob("??/??/*"))


@pytest.mark.parametrize("name", ["a.pdf", "../../\u202efdp.txt", "a.html;.zip"])
def test_a_file_that_could_run_is_only_ever_saved(browser: Browser, name: str):
    browser.arrive()
    file = browser.upload(name, HTML, "text/html").json
    assert (file["image"], file["mime"]) == (False, "application/octet-stream")
    given = browser.client.get(file["url"].removeprefix(OWN_ORIGIN))
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert "/" not in file["name"]
    assert "\u202e" not in file["name"]


class Full(Media):
    """A disk on which nothing but the reserve is left."""

    def space(self) -> int:
        return RESERVE


def test_strangers_never_fill_the_disk(house: Connector):
    ttl = timedelta(hours=1)
    full = Full(house.settings.var / "media", OWN_ORIGIN, b"s", house.clock, ttl)
    browser = Browser(create_app(replace(house, media=full)).test_client())
    browser.arrive()
    answer = browser.upload()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert browser.say().status_code == 202


def test_a_file_belongs_to_the_visitor_who_brought_it(house: Connector, browser: Browser):
    browser.arrive()
    file = browser.upload().json
    browser.arrive()
    answer = browser.say("чужое", files=[file["id"]])
    assert (answer.status_code, answer.json["error"]) == (400, "webchat.file")
    assert house.journal.list("envelopes", account="site") == []


def test_an_empty_file_is_none(browser: Browser):
    browser.arrive()
    assert browser.upload(content=b"").status_code == 400


def test_what_was_trimmed_has_a_name_and_no_address(house: Connector, browser: Browser):
    browser.arrive()
    browser.say("вот", files=[browser.upload().json["id"]])
    for path in (house.settings.var / "media").glob("??/??/*"):
        path.unlink()
    [message] = browser.state()["messages"]
    assert (message["files"][0]["name"], message["files"][0]["url"]) == ("чек.png", "")


def test_settings_are_told_to_whoever_asks(browser: Browser):
    told = browser.ask("GET", "/settings").json
    assert (told["title"], told["color"], told["language_default"]) == ("ACME", "#0b66c3", "ru")
    assert (told["text_limit"], told["file_limit"]) == (4000, 65536)
    assert "the secret" not in json.dumps(told)


def test_the_page_is_framed_by_our_sites_and_runs_our_files_only(browser: Browser):
    for path in ("", "/"):
        answer = browser.ask("GET", path)
        assert answer.status_code == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'self' https://acme.example https://bridge.example" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "X-Frame-Options" not in answer.headers
        assert "the secret" not in answer.text
    assert browser.ask("GET", "?lang=en").text.count('lang="en"') == 1
    assert browser.ask("GET", "?lang=ru").text.count('lang="ru"') == 1


def test_the_script_is_kept_for_ten_minutes_and_asked_for_by_its_mark(browser: Browser):
    first = browser.ask("GET", "/widget.js")
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "public, max-age=600")
    assert first.headers["Content-Type"].startswith("text/javascript")
    mark = first.headers["ETag"]
    assert not mark.startswith("W/")
    assert browser.ask("GET", "/widget.js", If_None_Match=mark).status_code == 304
    assert len(first.data) < 15 * 1024


@pytest.mark.parametrize(
    "path",
    [
        "/../pages.py",
        "/..%2fpages.py",
        "/%2e%2e/pages.py",
        "/nothing.js",
        "/widget",
        "/a%00.js",
        "/widget/outbox.js",
        "/" + "x" * 300,
        "/.",
    ],
)
def test_only_files_of_the_chat_are_served(browser: Browser, path: str):
    assert browser.ask("GET", path).status_code == 404
