"""Machines that write letters, spam, and our own letters come back: told by headers alone (§4.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from connector.domain.letters import Automatic
from connector.letters.headers import Headers, decoded, every, first, mailbox, params

# A header and the pattern (searched, case ignored) that means spam in it.
SPAM: Mapping[str, str] = MappingProxyType(
    {
        "X-Spam-Flag": r"^\s*(?:yes|true)",
        "X-Spam-Status": r"^\s*yes",
        "X-Spam": r"^\s*(?:yes|true)",
        "X-Yandex-Spam": r"^\s*4",
        "X-Mailgun-Sflag": r"^\s*yes",
        "X-MS-Exchange-Organization-SCL": r"^\s*[5-9]",
        "X-Forefront-Antispam-Report": r"SFV:SP[MB]",
    }
)

_ANSWERS = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-autoresponse")
_NO = frozenset({"", "no", "false", "0", "none"})
_FAILING = re.compile(r"^(?:mailer-daemon|postmaster|maildaemon|double-bounce)(?:[+-][^@]*)?@")
_SILENT = re.compile(r"^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|donotreply)[^@]*@")
_AWAY = re.compile(
    r"^\s*(?:автоответ|автоматический ответ|auto(?:matic)?[- ]?repl|out of (?:the )?office|autoresponse|вне офиса)",
    re.I,
)

Sign = Callable[[Headers], bool]


def automatic(headers: Headers, report_kind: str) -> Automatic:
    """What kind of machine wrote a letter; empty for a person. Our own letters are the caller's to tell."""
    if report_kind:
        return "auto_reply"
    return next((kind for kind, sign in _SIGNS if sign(headers)), "")


def suppressed(headers: Headers) -> bool:
    """No automatic answer is wanted: the sender asked so, or the subject hints at an answering machine."""
    asked = first(headers, "x-auto-response-suppress").lower().strip()
    return asked not in _NO or bool(_AWAY.match(decoded(first(headers, "subject"))))


def spam(headers: Headers, rules: Mapping[str, str]) -> str:
    """Why the letter is spam by ``rules`` (header → pattern): ``Header: value``; empty when it is not."""
    for name, pattern in rules.items():
        for value in every(headers, name):
            if _pattern(pattern).search(value):
                return f"{name}: {decoded(value)[:100]}"
    return ""


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _precedence(*words: str) -> Sign:
    return lambda headers: first(headers, "precedence").strip().lower() in words


def _submitted(headers: Headers) -> bool:
    return first(headers, "auto-submitted").split(";")[0].split("(")[0].strip().lower() not in _NO


def _answering(headers: Headers) -> bool:
    said = any(value.strip().lower() not in _NO for name in _ANSWERS for value in every(headers, name))
    return said or any("autoresponder" in value.lower() for value in every(headers, "delivered-to"))


def _failing(headers: Headers) -> bool:
    return (
        any(value.strip() == "<>" for value in every(headers, "return-path"))
        or bool(first(headers, "x-failed-recipients"))
        or params(first(headers, "content-type")).get("", "").lower() == "multipart/report"
        or bool(_FAILING.match(mailbox(first(headers, "from"))[1]))
    )


_SIGNS: tuple[tuple[Automatic, Sign], ...] = (
    ("list", lambda headers: bool(first(headers, "list-id"))),
    ("auto_reply", _submitted),
    ("auto_reply", _answering),
    ("auto_reply", _precedence("auto_reply")),
    ("auto_reply", _failing),
    ("list", _precedence("list")),
    ("bulk", _precedence("bulk", "junk")),
    ("bulk", lambda headers: bool(first(headers, "list-unsubscribe"))),
    ("bulk", lambda headers: bool(_SILENT.match(mailbox(first(headers, "from"))[1]))),
)
