"""Which browser a session is in, as far as the browser says so: for people who look over their sessions."""

from __future__ import annotations

from connector.speech import Text

# The first sign found wins: most browsers claim to be Chrome or Safari as well.
_BROWSERS = (
    ("YaBrowser/", "Yandex Browser"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_UNKNOWN = Text("unknown browser", "неизвестный браузер")


def browser(agent: str) -> Text:
    """``Chrome, Linux``; nothing of the text itself is shown."""
    named = [next((name for sign, name in table if sign in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    words = ", ".join(name for name in named if name)
    return Text(words, words) if words else _UNKNOWN
