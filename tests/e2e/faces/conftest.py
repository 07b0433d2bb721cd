from __future__ import annotations

from tests.e2e.faces.browser import browser_page, chromium
from tests.e2e.faces.desk_stage import sandbox, shop

__all__ = ["browser_page", "chromium", "sandbox", "shop"]
