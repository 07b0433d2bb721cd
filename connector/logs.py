"""The log: one line per fact, JSON for machines or colours for a person, and no secret in either.

A trace id bound with ``structlog.contextvars`` is on every line of its story.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"
_DEEPEST = 6

_SECRET_KEY = re.compile(
    r"(?i)(token|secret|passw|authori[sz]ation|api_?key|signature|cookie|^auth$|^auth_id$|refresh_id|^grant$|^webhook$)"
)
_PERSONAL_KEY = re.compile(r"(?i)(phone|e_?mail|^text$|^body$|first_name|last_name|full_name)")
_PLAIN_KEYS = frozenset({"event", "level", "logger", "timestamp", "trace"})

# A text without any of these cannot match a pattern below; most texts have none.
_SUSPECT = re.compile(r"[:=@/+]|\d{9}|[0-9a-fA-F]{65}|gAAAAA|(?i:bearer|basic)")

# Order matters: whole credentials first, then what merely looks like one.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(/rest/\d+/)[A-Za-z0-9]{8,}"), rf"\1{MASK}"),
    (re.compile(r"(/media/)[A-Za-z0-9_.-]{20,}"), rf"\1{MASK}"),
    (re.compile(r"\b(bot)?\d{6,12}:[A-Za-z0-9_-]{30,}"), MASK),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {MASK}"),
    (
        re.compile(
            r"(?i)((?:[\w\]\[%-]*(?:token|secret|passw\w*|signature|api_?key|auth_id|refresh_id)[\w\]%-]*|\bauth|\bcode)"
            r"[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;}]+"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"\bgAAAAA[A-Za-z0-9_=-]{20,}"), MASK),
    (re.compile(r"\b[0-9a-fA-F]{65,}\b"), MASK),
    (re.compile(r"[\w.+-]+@([\w-]+\.[\w.-]+)"), rf"{MASK}@\1"),
    (re.compile(r"\+\d[\d\s().-]{7,}\d"), MASK),
    (re.compile(r"(?<![\w.:-])[78]\d{10}(?![\w.:-])"), MASK),
)


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
    for noisy in ("urllib3", "requests", "alembic"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))


def mask_secrets(logger: WrappedLogger, method: str, fields: EventDict) -> EventDict:
    """A structlog processor: nothing that opens a door or names a client leaves this process in a log line."""
    for key, value in fields.items():
        fields[key] = mask_text(value) if key == "event" and isinstance(value, str) else _mask(key, value, 0)
    return fields


def mask_text(text: str) -> str:
    """``text`` with credentials, webhook URLs, telephone numbers and mailboxes replaced."""
    if not _SUSPECT.search(text):
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def _mask(key: str, value: Any, depth: int) -> Any:
    if key in _PLAIN_KEYS or value is None:
        return value
    if _hidden(key):
        return MASK
    if isinstance(value, (bool, int, float)):
        return value
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {str(name): _mask(str(name), inner, depth + 1) for name, inner in value.items()}
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
