"""A pretend shop whose pages embed the chat: another origin, with a Content-Security-Policy as strict as can be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape

import pytest
from flask import Flask, Response
from playwright.sync_api import Locator, expect
from werkzeug.serving import make_server

from tests.e2e.faces.browser import Face, OpenPage
from tests.e2e.faces.chat_stage import ChatHouse
from tests.integration.promises.one_process import Quiet
from tests.services import free_port

PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="/shop.css">
<script async src="{chat}/widget.js" {options}></script></head>
<body><main><h1>{title}</h1><p>{text}</p>
<ul><li></li><li></li><li></li></ul><p><a href="/cart">{more}</a></p></main></body></html>"""
# A site's own rules, hostile to whatever does not defend itself.
STYLE = """body { margin: 0; font: 18px/1.6 Georgia, serif; background: #fff; color: #222; }
main { max-width: 48rem; margin: 0 auto; padding: 2rem 1rem; }
div, p, span { letter-spacing: .01em; text-transform: none; } button { all: unset; color: red !important; }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 1rem; list-style: none; }
ul { padding: 0; } li { height: 9rem; background: #8883; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee; } a { color: #9cf; } }"""
WORDS = {
    "ru": ("Магазин «Шестерёнка»", "Подшипники, ремни и редукторы с доставкой по всей стране.", "Корзина"),
    "en": ("The Gear Shop", "Bearings, belts and gearboxes, delivered everywhere.", "Cart"),
}


@dataclass
class Shop:
    """``chat`` is the chat's address; ``options`` are attributes of the script; ``policy`` is the site's CSP."""

    url: str
    chat: str = ""
    lang: str = "ru"
    options: str = ""
    policy: str = field(
        default="default-src 'none'; style-src 'self'; script-src {chat}; connect-src {chat}; img-src 'self' {chat}"
    )

    def page(self) -> Response:
        """Any page of the shop."""
        title, text, more = WORDS[self.lang]
        body = PAGE.format(
            lang=self.lang, title=escape(title), text=text, more=more, chat=self.chat, options=self.options
        )
        answer = Response(body)
        origin = "/".join(self.chat.split("/")[:3])
        answer.headers["Content-Security-Policy"] = self.policy.format(chat=origin)
        return answer


@pytest.fixture
def shop_site() -> Iterator[Shop]:
    """The shop, listening."""
    port = free_port()
    site, app = Shop(url=f"http://127.0.0.1:{port}"), Flask(__name__, static_folder=None)
    app.add_url_rule("/", view_func=site.page)
    app.add_url_rule(
        "/<path:name>",
        view_func=lambda name: Response(STYLE, mimetype="text/css") if name == "shop.css" else site.page(),
    )
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield site
    server.shutdown()


@dataclass(frozen=True)
class Chat:
    """The chat on a page, as a visitor meets it. Its parts lie in a shadow, which the locators look into."""

    face: Face

    @property
    def log(self) -> Locator:
        """The messages."""
        return self.face.page.get_by_role("log")

    @property
    def area(self) -> Locator:
        """Where one writes."""
        return self.face.page.locator("connector-chat textarea")

    @property
    def rows(self) -> Locator:
        """The messages one by one, those under way too."""
        return self.log.locator(".row:has(.bubble, .file)")

    def button(self, name: str) -> Locator:
        """A button by its name."""
        return self.face.page.locator("connector-chat").get_by_role("button", name=name, exact=True)

    def open(self) -> Chat:
        """Press the round button."""
        self.face.page.locator("connector-chat .launch").click()
        expect(self.area).to_be_visible()
        return self

    def say(self, text: str) -> Chat:
        """Write and press Enter."""
        self.area.fill(text)
        self.area.press("Enter")
        expect(self.log.get_by_text(text, exact=True)).to_be_visible()
        return self

    def marked(self, text: str, mark: str) -> None:
        """Wait until a message of the visitor bears the mark."""
        row = self.log.locator(".row.visitor").filter(has=self.face.page.get_by_text(text, exact=True))
        expect(row.locator(f".{mark}")).to_be_visible(timeout=20_000)


Embedded = Callable[..., tuple[Chat, ChatHouse]]


@pytest.fixture
def embedded(shop_site: Shop, chat_house_with: Callable[..., ChatHouse], browser_page: OpenPage) -> Embedded:
    """``embedded(path="/", greeting="…", look={"width": 360})``: the shop's page with the chat, and its house."""

    def opened(path: str = "/", *, look: dict | None = None, **account: object) -> tuple[Chat, ChatHouse]:
        house = chat_house_with(origins=[shop_site.url], **account)
        shop_site.chat = house.url
        face = browser_page(**(look or {}))
        face.page.goto(shop_site.url + path)
        expect(face.page.locator("connector-chat .launch")).to_be_visible()
        return Chat(face), house

    return opened
