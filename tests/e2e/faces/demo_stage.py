"""The real ``connector demo`` in the background, and its panes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import FrameLocator, Locator, expect

from tests.e2e.faces.browser import Face, OpenPage

ROOT = Path(__file__).resolve().parents[3]
NOBODY = "redis://127.0.0.1:1/0"  # nothing answers there: the demo starts a Redis of its own
SLOW = 60_000


class Demo:
    """``url`` is what the command printed; ``folder`` where it ran."""

    def __init__(self, url: str, printed: str, folder: Path) -> None:
        self.url, self.printed, self.folder = url, printed, folder

    def settings(self) -> dict:
        """The demo's own ``connector.yaml``."""
        return yaml.safe_load((self.folder / "var/demo/connector.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Started once for a file of tests and stopped by Ctrl+C, which ends it with 0."""
    folder = tmp_path_factory.mktemp("demo")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "REDIS_URL": NOBODY, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "connector", "demo", "--lang", "ru"]
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True)
    printed = ""
    assert process.stdout is not None
    for line in process.stdout:
        printed += line
        if re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", line):
            break
    assert process.poll() is None, printed
    yield Demo(printed.splitlines()[-1], printed, folder)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


class Panes:
    """The page in a tab: each pane as a person finds it."""

    def __init__(self, face: Face) -> None:
        self.face, self.page = face, face.page

    @property
    def shop(self) -> FrameLocator:
        return self.page.frame_locator("#pane-shop iframe")

    @property
    def phone(self) -> FrameLocator:
        return self.page.frame_locator("#pane-phone iframe")

    @property
    def mail(self) -> FrameLocator:
        return self.page.frame_locator("#pane-mail iframe")

    @property
    def console(self) -> FrameLocator:
        return self.page.frame_locator("iframe[name=console]")

    @property
    def desk(self) -> FrameLocator:
        return self.page.frame_locator(".pane[data-pane=desk] iframe")

    @property
    def line(self) -> Locator:
        """What is told below the buttons when a trouble is over."""
        return self.page.locator(".line.over")

    def proven(self, step: str) -> None:
        """The tour has ticked this step off."""
        expect(self.page.locator(f"#dots [data-step={step}]")).to_have_class("done", timeout=SLOW)

    def chats(self, text: str) -> None:
        """The visitor of the shop writes."""
        launch = self.shop.get_by_role("button", name=re.compile("Открыть чат|Open the chat"))
        area = self.shop.locator("textarea")
        expect(area).to_be_attached()
        if not area.is_visible():
            launch.click()
        area.fill(text)
        area.press("Enter")

    def phones(self, text: str) -> None:
        """The customer writes in Telegram."""
        self.page.locator("#tab-phone").click()
        self.phone.locator("#text").fill(text)
        self.phone.locator("#send").click()

    def mails(self, subject: str, text: str, *files: dict) -> None:
        """The customer writes a letter."""
        self.page.locator("#tab-mail").click()
        self.mail.locator("#subject").fill(subject)
        self.mail.locator("#text").fill(text)
        if files:
            self.mail.locator("#file").set_input_files(list(files))
        self.mail.locator("#send").click()
        expect(self.mail.locator("#text")).to_have_value("")

    def rings(self) -> None:
        """The customer calls the company; a call that an earlier test left is over first."""
        self.page.locator("#tab-call").click()
        expect(self.page.locator("#call-state")).not_to_be_empty()
        if self.page.locator("#call-end").is_visible():
            self.page.locator("#call-end").click()
        self.page.locator("#call-begin").click()

    def knows_calls(self) -> int:
        """How many calls the desk lists, once those of earlier tests are over."""
        expect(self.desk.locator("#from option").first).to_be_attached()
        calls = self.desk.locator("#calls > li")
        expect(calls.filter(has_text=re.compile("идёт|going on"))).to_have_count(0, timeout=SLOW)
        return calls.count()

    def calls(self, operator: str) -> None:
        """The customer calls the company, and this operator answers."""
        self.rings()
        self.page.get_by_role("button", name=operator).click()

    def drops(self, text: str) -> None:
        """The warehouse drops its file, and it is run."""
        self.page.locator("#tab-warehouse").click()
        self.page.locator("#warehouse-file").fill(text)
        self.page.locator("#warehouse-run").click()

    def opens_chat(self, text: str) -> None:
        """The operator opens the chat whose last words are these."""
        back = self.desk.locator(".back")
        if back.is_visible():
            back.click()
        # By its address: what comes meanwhile puts another chat first.
        address = self.desk.locator("#chats a").filter(has_text=text).first.get_attribute("href")
        self.desk.locator(f'#chats a[href="{address}"]').click()
        expect(self.desk.locator("#messages")).to_contain_text(text)

    def replies(self, text: str, *files: dict) -> None:
        """The operator answers, with files."""
        if files:
            self.desk.locator("#files").set_input_files(list(files))
        self.desk.locator("#text").fill(text)
        self.desk.locator("#send").click()
        expect(self.desk.locator("#messages > li").last).to_contain_text("✓✓", timeout=SLOW)


def panes(demo: Demo, browser_page: OpenPage, **look) -> Panes:
    """The demo's page in a fresh tab, everything loaded."""
    face = browser_page(**{"width": 1440, "height": 860, **look})
    face.page.goto(demo.url)
    opened = Panes(face)
    expect(opened.console.locator("h1")).to_be_attached()
    expect(opened.desk.locator("#me option").first).to_be_attached()
    return opened
