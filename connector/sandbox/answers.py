"""What a REST method may say: an error with its code and status, one page of a list, an object that stays ``{}``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Params = dict[str, Any]


class ApiError(Exception):
    """The portal refuses: ``error`` code, ``error_description``, HTTP status (facts/bitrix24-platform.md §2.1)."""

    def __init__(self, code: str, description: str = "", status: int = 400, **extra: Any) -> None:
        self.code, self.description, self.status, self.extra = code, description, status, extra
        super().__init__(f"{status} {code}: {description}")

    def body(self) -> dict[str, Any]:
        """The error envelope as the portal sends it."""
        return {"error": self.code, "error_description": self.description, **self.extra}


class V3Error(ApiError):
    """A refusal of REST 3.0: an object with a long code, of which ``suffix`` is the end (§1.7, §2.3).

    ``whole``: the suffix is the whole code, as v2 has it. ``validation`` tells fields and what is wrong with them.
    """

    def __init__(
        self,
        suffix: str,
        message: str,
        status: int = 400,
        validation: Sequence[Mapping[str, str]] = (),
        whole: bool = False,
    ) -> None:
        super().__init__(suffix if whole else f"BITRIX_REST_V3_EXCEPTION_{suffix}", message, status)
        self.validation = [dict(entry) for entry in validation]

    def body(self) -> dict[str, Any]:
        told: dict[str, Any] = {"code": self.code, "message": self.description}
        return {"error": told | ({"validation": self.validation} if self.validation else {})}


class CutError(Exception):
    """The connection ends here without an answer."""


class RawAnswerError(Exception):
    """An answer that is not the portal's usual JSON; ``code`` names it in the call log."""

    def __init__(self, status: int, body: str, content_type: str, code: str = "RAW") -> None:
        self.status, self.body, self.content_type, self.code = status, body, content_type, code
        super().__init__(f"{status} {content_type}")


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list method. ``next`` is absent on the last page; ``total`` is 0 with ``start=-1``."""

    rows: Any
    total: int
    next: int | None = None


class EmptyObject(dict[str, Any]):
    """A PHP object without fields: it stays ``{}`` where an empty array would become ``[]``."""


def php_array(value: Any) -> Any:
    """``value`` as PHP would encode it: maps with keys 0..n-1 in order (the empty one too) become lists (§1.4)."""
    if isinstance(value, EmptyObject):
        return {}
    if isinstance(value, Mapping):
        if all(str(key) == str(index) for index, key in enumerate(value)):
            return [php_array(item) for item in value.values()]
        return {str(key): php_array(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [php_array(item) for item in value]
    return value


def is_empty(value: Any) -> bool:
    """PHP ``empty()``: ``""``, ``"0"``, 0, false, null and empty arrays."""
    return value in ("", "0", 0, None, False) or value in ([], {})


def is_yes(value: Any, default: bool = False) -> bool:
    """The booleans that Bitrix24 normalises: true, 1, "1", "true", "Y" (facts/bitrix24-openlines.md §1.1)."""
    if value is None:
        return default
    return str(value).strip().lower() in {"1", "true", "y"}


def upper(params: Mapping[str, Any]) -> Params:
    """Top-level names folded to upper case."""
    return {str(key).upper(): value for key, value in params.items()}


def lower_deep(value: Any) -> Any:
    """Every key of ``value`` folded to lower case, at any depth."""
    if isinstance(value, Mapping):
        return {str(key).lower(): lower_deep(item) for key, item in value.items()}
    if isinstance(value, list):
        return [lower_deep(item) for item in value]
    return value


def whole(value: Any, default: int = 0) -> int:
    """PHP ``(int)``: the leading digits of a text, ``default`` when there are none."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return default
