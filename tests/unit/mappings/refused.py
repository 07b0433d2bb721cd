"""How something was refused in words."""

from __future__ import annotations

from collections.abc import Callable

from mappings.expressions import ExpressionError


def refusal(use: Callable[[], object]) -> ExpressionError | None:
    """How ``use`` was refused, if it was; any other error goes through."""
    try:
        use()
    except ExpressionError as error:
        return error
    return None
