from __future__ import annotations

from tests.e2e.faces.browser import browser_page, chromium
from tests.e2e.faces.console_stage import console, house
from tests.e2e.faces.desk_stage import sandbox, shop

__all__ = ["browser_page", "chromium", "console", "house", "sandbox", "shop"]
