"""Who may knock at the demo page: this machine's browser, and no page of another site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SITES = frozenset({"same-origin", "none"})


@dataclass(frozen=True, kw_only=True)
class Door:
    """``own`` is our origin; ``connector`` and ``portal`` are the origins of what the page shows in frames."""

    own: str
    connector: str = ""
    portal: str = ""

    def refuses(self, method: str, headers: Mapping[str, str]) -> bool:
        """True for a name that is not ours (somebody's DNS points at us) and for a deed that another page asks for."""
        if headers.get("Host", "") != self.own.removeprefix("http://"):
            return True
        if method == "GET":
            return False
        return headers.get("Origin") != self.own or not headers.get("Content-Type", "").startswith("application/json")

    def may_enter(self, headers: Mapping[str, str]) -> bool:
        """Whether the visitor opens the page by themselves and not through a page of another site."""
        return headers.get("Sec-Fetch-Site", "none") in SITES

    def page_policy(self) -> str:
        """Nothing but our own files; frames of ours, the console and the desk."""
        return _policy(f"frame-src 'self' {self.connector} {self.portal}", "frame-ancestors 'none'")

    def inner_policy(self) -> str:
        """Of the phone: our own files, inside our own page."""
        return _policy("frame-ancestors 'self'")

    def shop_policy(self) -> str:
        """Of the shop: it embeds the web chat as any site would."""
        chat = self.connector
        return "; ".join(
            (
                "default-src 'none'",
                f"script-src 'self' {chat}",
                f"style-src 'self' {chat}",
                f"img-src 'self' data: blob: {chat}",
                f"media-src blob: {chat}",
                f"connect-src {chat}",
                f"frame-src {chat}",
                "form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
            )
        )


def _policy(*more: str) -> str:
    return "; ".join(
        (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'",
            "form-action 'none'; base-uri 'none'",
            *more,
        )
    )
