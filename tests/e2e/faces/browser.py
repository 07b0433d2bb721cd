"""A real browser for every face: Debian's Chromium, driven by Playwright. What the page complains of fails the test."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

SCREENS = Path(__file__).resolve().parents[3] / "var" / "screens"
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
MISSING = (
    "Chromium is needed to look at the pages. Run: sudo apt-get install chromium\n"
    "Чтобы посмотреть страницы, нужен Chromium. Выполните: sudo apt-get install chromium"
)
WIDE, NARROW = 1280, 360
PATIENCE_MS = 15_000  # a machine that does other things as well must not break a test
expect.set_options(timeout=PATIENCE_MS)
AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")
AXE = Path(AXE_FILE_PATH).read_text(encoding="utf-8")
# The audit judges contrast ten times as fast; only axe looks into shadows.
JUDGE = """async () => (await axe.run(document, {resultTypes: ["violations"], rules: {"color-contrast":
    {enabled: [...document.querySelectorAll("*")].some(node => node.shadowRoot)}}})).violations
  .filter(found => ["serious", "critical"].includes(found.impact))
  .map(found => `${found.id}: ${found.help}: ${found.nodes.map(node => node.html.slice(0, 120)).join(" | ")}`)"""


class Face:
    """One tab. ``page`` is Playwright's; whatever it logs as an error is in ``complaints`` until it is allowed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._allowed: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._logged)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def allow(self, pattern: str) -> None:
        """Complaints that match this pattern are part of the test, such as the 400 of a refused request."""
        self._allowed.append(pattern)

    def listens(self) -> int:
        """Hear what the browser has still to tell; how many complaints there are by now."""
        if not self.page.is_closed():
            self.page.wait_for_timeout(50)
        return len(self.complaints)

    def unexpected(self) -> list[str]:
        """What the page complained of and nobody allowed."""
        return [text for text in self.complaints if not any(re.search(pattern, text) for pattern in self._allowed)]

    def screen(self, name: str) -> Path:
        """Write ``var/screens/<name>.png`` as a person sees it now."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        path = SCREENS / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def is_accessible(self) -> None:
        """Fail for what axe-core calls serious or critical, for weak contrast, twice used ids and sideways scroll."""
        self.page.evaluate(AXE)
        faults = self.page.evaluate(AUDIT) + self.page.evaluate(JUDGE)
        assert not faults, "\n".join(faults)


OpenPage = Callable[..., Face]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file of tests: Playwright's loop must not outlive it, other tests have loops of their own."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.fail(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium: Browser) -> Iterator[OpenPage]:
    """``browser_page(language="ru", dark=False, width=1280)``: a fresh tab with cookies and storage of its own."""
    faces: list[Face] = []

    def opened(
        *,
        language: Literal["ru", "en"] = "ru",
        dark: bool = False,
        width: int = WIDE,
        height: int = 800,
        **more: Any,
    ) -> Face:
        context = chromium.new_context(
            locale={"ru": "ru-RU", "en": "en-GB"}[language],
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": height},
            reduced_motion="reduce",  # a page half-way through a movement is judged by nobody
            **more,
        )
        faces.append(Face(context.new_page()))
        return faces[-1]

    yield opened
    for face in faces:
        face.listens()
    unexpected = [text for face in faces for text in face.unexpected()]
    for face in faces:
        face.page.context.close()
    assert not unexpected, "\n".join(unexpected)
