"""The log: one line per fact, JSON for machines or colours for a person, and no secret in either.

A trace id bound with ``structlog.contextvars`` is on every line of its story.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"
_DEEPEST = 6

_SECRET_KEY = re.compile(
    r"(?i)(token|secret|passw|authori[sz]ation|api[-_]?key|signature|cookie|^sign$|^auth$|^auth_id$|refresh_id|^grant$|^webhook$)"
)
# `detail` holds the words of a vendor, who may quote clients: they are in the journal.
_PERSONAL_KEY = re.compile(r"(?i)(phone|e_?mail|^text$|^body$|^detail$|first_name|last_name|full_name)")
_PLAIN_KEYS = frozenset({"event", "level", "logger", "timestamp", "trace", "request"})

# A text is cut in its middle after these many characters: what clients send may be long, and so may what quotes it.
_HEAD, _TAIL = 12_000, 4_000

# A text without any of these cannot match a pattern below; most texts have none.
_SUSPECT = re.compile(
    r"[:=@/+]|\d{9}|[78][\s(-]{1,2}\d{3}|%(?:2[BFbf]|40)|[0-9a-fA-F]{65}|gAAAAA|whs(?:ec|k)_|(?i:bearer|basic)"
)

# `name=`, `"name": `, `name\": \"`; what follows is a quoted text or one without spaces. Every repetition is bounded:
# a text of a stranger must not make the mask slow.
_IS = r"(?:\\{0,2}[\"'])?\s{0,3}[=:]\s{0,3}"
_QUOTED = r"b?\\{0,2}(?P<quote>[\"'])(?:(?!(?P=quote)).){0,8000}(?:(?P=quote)|\Z)"
_SECRET_NAME = (
    r"(?:[\w\]\[%-]{0,40}(?:token|secret|passw|signature|api[_-]?key|auth_id|refresh_id|authorization)[\w\]%-]{0,40}"
    r"|\bauth|\bcode|\bsign)"
)
_REACHING_NAME = r"(?:\bphone\w{0,10}|\be-?mail\w{0,10}|\btel|\bmsisdn)"
_PERSONAL_NAME = r"\b(?:text|body|caption|quote|name|(?:first|last|full|user)_?name)"


def _pattern(text: str, instead: str) -> tuple[re.Pattern[str], str]:
    return re.compile(text, re.DOTALL), instead


# Order matters: whole credentials first, then what merely looks like one.
_CREDENTIALS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A webhook is its path, and so is a bot (facts/bitrix24-platform.md §1.1); slashes may be escaped.
    _pattern(r"((?:\\?/|%2[Ff])rest(?:\\?/|%2[Ff])(?:api(?:\\?/|%2[Ff]))?\d{1,12}(?:\\?/|%2[Ff]))\w{4,}", rf"\1{MASK}"),
    _pattern(r"((?:/|%2[Ff])bot)\d{5,12}(?::|%3[Aa])[^/%\s\"']{5,}", rf"\1{MASK}"),
    _pattern(r"(/media/)[A-Za-z0-9_.-]{20,}", rf"\1{MASK}"),
    _pattern(r"\b(?:bot)?\d{6,12}:[A-Za-z0-9_-]{20,}", MASK),
    _pattern(r"\bwhs(?:ec|k)_[A-Za-z0-9+/=_-]{4,}", MASK),
    _pattern(r"(://[^/?#\s:@\"']{0,100}:)[^/\s\"'<>]{1,400}@", rf"\1{MASK}@"),
    _pattern(r"(://)[^/?#\s@\"':<>]{1,400}@", rf"\1{MASK}@"),
    _pattern(r"(?i)\b(bearer|basic)\s{1,3}[A-Za-z0-9._~+/=-]{8,}", rf"\1 {MASK}"),
    _pattern(rf"(?i)(authorization{_IS}[\"']?)(?:[a-z]{{1,20}}\s{{1,3}})?[^\s\"',;}}]+", rf"\1{MASK}"),
    _pattern(rf"(?i)({_SECRET_NAME}{_IS})(?:{_QUOTED}|[^\s&\"',;}}]+)", rf"\1{MASK}"),
    _pattern(r"\bgAAAAA[A-Za-z0-9_=-]{20,}", MASK),
    _pattern(r"\b[0-9a-fA-F]{65,}\b", MASK),
)
_PERSONAL: tuple[tuple[re.Pattern[str], str], ...] = (
    _pattern(rf"(?i)({_REACHING_NAME}{_IS})(?:{_QUOTED}|[^\s&\"',;}}]+)", rf"\1{MASK}"),
    # What pydantic and PostgreSQL quote of the rows that they refuse.
    _pattern(r"(input_value=).{0,2000}?(, input_type=)", rf"\1{MASK}\2"),
    _pattern(r"(Key \([^)]{0,300}\)=\().{0,2000}?(\) (?:already|is) )", rf"\1{MASK}\2"),
    _pattern(r"(Failing row contains \().{0,8000}?(?:\)\.|\Z)", rf"\1{MASK})."),
    # A dictionary or a dataclass as text.
    _pattern(rf"(?i)({_PERSONAL_NAME}{_IS}){_QUOTED}", rf"\1{MASK}"),
    _pattern(r"[\w.+-]{1,64}(?:@|%40)([\w-]{1,64}\.[\w.-]{1,200})", rf"{MASK}@\1"),
    _pattern(r"(?:\+|%2B)\d[\d\s().-]{7,25}\d", MASK),
    _pattern(r"(?<![\w.:-])[78][\s(-]{1,2}\d{3}[\s)-]{1,2}\d{3}[\s-]?\d{2}[\s-]?\d{2}(?![\w.:-])", MASK),
    _pattern(r"(?<![\w.:-])[78]\d{10}(?![\w.:-])", MASK),
)

_PATTERNS = _CREDENTIALS + _PERSONAL


def configure(
    *,
    style: Literal["json", "console"] | None = None,
    level: str = "INFO",
    stream: TextIO | None = None,
) -> None:
    """Set up structlog and the standard library's logging for this process; call it once at the start.

    ``style`` ``None`` picks ``console`` on a terminal and ``json`` elsewhere. Lines go to ``stream`` (stderr).
    """
    out = stream or sys.stderr
    console = style == "console" or (style is None and out.isatty())
    shared = _shared()
    renderer: Processor = structlog.dev.ConsoleRenderer(colors=out.isatty()) if console else _json()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _adopt_standard_logging(out, _number(level), shared, renderer)
    _adopt_crashes()


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_secrets,
    ]


def _adopt_standard_logging(out: TextIO, level: int, shared: list[Processor], renderer: Processor) -> None:
    """Lines of libraries (RQ, gunicorn, urllib3) take the same shape and the same mask."""
    handler = logging.StreamHandler(out)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove_meta, renderer])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("urllib3", "requests", "alembic", "imapclient"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
    for apart in ("gunicorn.error", "gunicorn.access"):
        logging.getLogger(apart).handlers.clear()
        logging.getLogger(apart).propagate = True


def _adopt_crashes() -> None:
    """What Python itself would print of a crash goes through the mask too, unless somebody else already cares."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _crashed
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _thread_crashed


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("process.crashed", exc_info=(kind, error, trace))


def _thread_crashed(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None and not issubclass(crash.exc_type, SystemExit):
        told = (crash.exc_type, crash.exc_value, crash.exc_traceback)
        structlog.get_logger().error("thread.crashed", thread=getattr(crash.thread, "name", ""), exc_info=told)


def mask_secrets(logger: WrappedLogger, method: str, fields: EventDict) -> EventDict:
    """A structlog processor: nothing that opens a door or names a client leaves this process in a log line."""
    for key, value in fields.items():
        fields[key] = mask_text(value) if key == "event" and isinstance(value, str) else _mask(key, value, 0)
    return fields


def mask_text(text: str) -> str:
    """``text`` with credentials, webhook URLs, telephone numbers and mailboxes replaced, at most 16 000 characters."""
    if len(text) > _HEAD + _TAIL:
        # Twice as much is masked as is kept: a secret that a cut tears in two would not be recognised.
        return f"{_masked(text[: 2 * _HEAD])[:_HEAD]} … {_masked(text[-2 * _TAIL :])[-_TAIL:]}"
    return _masked(text)


def mask_credentials(text: str) -> str:
    """``text`` with credentials and webhook URLs replaced; what is personal stays, for those who may see it."""
    return _replaced(text, _CREDENTIALS)


def names_secret(key: str) -> bool:
    """Whether a field, header or parameter of this name holds a secret."""
    return _SECRET_KEY.search(key) is not None


def _masked(text: str) -> str:
    return _replaced(text, _PATTERNS)


def _replaced(text: str, patterns: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    if not _SUSPECT.search(text):
        return text
    for pattern, instead in patterns:
        text = pattern.sub(instead, text)
    return text


def _mask(key: str, value: Any, depth: int) -> Any:
    if value is None or (depth == 0 and key in _PLAIN_KEYS and isinstance(value, str)):
        return value
    if _hidden(key):
        return MASK
    if isinstance(value, (bool, int, float)):
        return value
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {mask_text(str(name)): _mask(str(name), inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_mask(key, inner, depth + 1) for inner in value]
    return mask_text(value if isinstance(value, str) else str(value))


@lru_cache(maxsize=1024)
def _hidden(key: str) -> bool:
    """Whether a field of this name never shows its value."""
    return bool(_SECRET_KEY.search(key) or _PERSONAL_KEY.search(key))


def _number(level: str) -> int:
    return logging.getLevelNamesMapping().get(level.upper(), logging.INFO)


def _json() -> Callable[[WrappedLogger, str, EventDict], str]:
    """One line of JSON. The encoder is made once: ``json.dumps`` with options makes one per call."""
    encode = json.JSONEncoder(ensure_ascii=False, default=str).encode

    def render(logger: WrappedLogger, method: str, fields: EventDict) -> str:
        return encode(fields)

    return render
