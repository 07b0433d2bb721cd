"""Kinds of values in a mapping file, for its models: one or many, a number or an expression, …."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

Item = TypeVar("Item")

MARK = "<"
"""Begins the names of the branches, so that they are told apart from keys in the place of an error."""

WHOLE = r"^\s*\{\{[\s\S]*\}\}\s*$"
"""What a text that is one expression looks like."""


class Strict(BaseModel):
    """Nothing is converted, nothing unknown is let in."""

    # Deferred: only processes that load rules build them.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True, defer_build=True)


def _text_or_other(value: Any) -> str:
    return "<text" if isinstance(value, str) else "<other"


def _text_or_mapping(value: Any) -> str:
    return "<mapping" if isinstance(value, dict) else "<text"


def _number_or_mapping(value: Any) -> str:
    return "<mapping" if isinstance(value, dict) else "<number"


def _one_or_many(value: Any) -> str:
    return "<many" if isinstance(value, list) else "<one"


Expression = Annotated[str, Field(pattern=WHOLE, description="An expression in quotes: {{ … }}.")]
Text = Annotated[str, Field(min_length=1, description="Text; may hold {{ expressions }}.")]

Number = Annotated[
    Annotated[int, Field(ge=1), Tag("<other")] | Annotated[Expression, Tag("<text")],
    Discriminator(_text_or_other),
]
Id = Annotated[Annotated[int, Tag("<other")] | Annotated[Text, Tag("<text")], Discriminator(_text_or_other)]
Amount = Annotated[Annotated[int, Tag("<other")] | Annotated[Expression, Tag("<text")], Discriminator(_text_or_other)]
Condition = Annotated[
    Annotated[bool, Tag("<other")]
    | Annotated[str, Field(min_length=1, description="A bare expression, without braces."), Tag("<text")],
    Discriminator(_text_or_other),
]
Many = Annotated[
    Annotated[Item, Tag("<one")] | Annotated[list[Item], Field(min_length=1), Tag("<many")],
    Discriminator(_one_or_many),
]
TextOr = Annotated[
    Annotated[Text, Tag("<text")] | Annotated[Item, Tag("<mapping")],
    Discriminator(_text_or_mapping),
]
AmountOr = Annotated[
    Annotated[int, Tag("<number")] | Annotated[Item, Tag("<mapping")],
    Discriminator(_number_or_mapping),
]

Priority = Literal["low", "normal", "high", "urgent"]


def _priority(value: Any) -> str:
    return "<text" if isinstance(value, str) and "{{" in value else "<word"


PriorityOrExpression = Annotated[
    Annotated[Priority, Tag("<word")] | Annotated[Expression, Tag("<text")],
    Discriminator(_priority),
]


def _way(value: Any) -> str:
    return "<mapping" if isinstance(value, dict) else "<word"


WordOrMapping = Annotated[
    Annotated[Literal["chat", "phone", "email", "external", "open"], Tag("<word")] | Annotated[Item, Tag("<mapping")],
    Discriminator(_way),
]
