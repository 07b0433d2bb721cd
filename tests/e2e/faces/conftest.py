from __future__ import annotations

from tests.e2e.faces.browser import browser_page, chromium
from tests.e2e.faces.chat_stage import chat_house, chat_house_with
from tests.e2e.faces.connect_stage import way
from tests.e2e.faces.console_stage import console, house
from tests.e2e.faces.demo_stage import demo
from tests.e2e.faces.desk_stage import sandbox, shop
from tests.e2e.faces.shop_site import embedded, shop_site

__all__ = [
    "browser_page",
    "chat_house",
    "chat_house_with",
    "chromium",
    "console",
    "demo",
    "embedded",
    "house",
    "sandbox",
    "shop",
    "shop_site",
    "way",
]
