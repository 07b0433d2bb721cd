"""The header stays one row, whoever is signed in."""

from __future__ import annotations

import pytest

from connector.bootstrap import Connector
from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.console_stage import PASSWORD, signed_in

LONG = "anna-maria.konstantinopolskaya-rozhdestvenskaya@acme-holding.ex"
MEASURE = """() => {
  const name = document.querySelector(".who a[title]");
  const tops = [...document.querySelectorAll("nav li")].map(one => one.getBoundingClientRect().top);
  return { rows: new Set(tops).size, cut: name.scrollWidth > name.clientWidth, shown: name.clientWidth,
           wide: document.documentElement.scrollWidth - innerWidth };
}"""


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_long_name_is_cut_and_the_menu_stays_in_one_row(
    house: Connector, console: str, browser_page: OpenPage, language: str
):
    house.journal.add_user(LONG, "admin", PASSWORD, who="root", why="new")
    face = signed_in(browser_page(language=language, width=1280), console, LONG)  # type: ignore[arg-type]
    face.page.goto(f"{console}/ops/users")  # the longest title, and the place where one is must not make it longer
    for width in (1280, 1600):
        face.page.set_viewport_size({"width": width, "height": 800})
        seen = face.page.evaluate(MEASURE)
        assert (seen["rows"], seen["cut"], seen["wide"]) == (1, True, 0), (width, seen)
        assert seen["shown"] > 60, (width, seen)
    assert LONG in (face.page.locator(".who a[title]").get_attribute("title") or "")
    face.screen(f"console-header-{language}")
    face.page.set_viewport_size({"width": 1100, "height": 800})
    assert face.page.evaluate(MEASURE)["wide"] == 0
