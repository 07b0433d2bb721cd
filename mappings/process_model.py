"""What may be written of a smart process: its document as models, with the words that editors show."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mappings.choices import Many, Strict, TextOr
from mappings.model import TitleDocument

FieldType = Literal[
    "string", "integer", "double", "date", "datetime", "boolean", "enumeration", "money", "url", "address"
]
NAME = r"^[a-z][a-z0-9_-]{0,30}$"
"""What the name of a process looks like; so do those of sources."""
CODE = r"^[A-Z][A-Z0-9_]*$"
"""What the name of a field and the id of a stage look like."""
COLOUR = r"^#[0-9A-Fa-f]{6}$"

Code = Annotated[str, Field(pattern=CODE)]
Title = TextOr[TitleDocument]


class OptionDocument(Strict):
    """An option of a list."""

    id: str = Field(min_length=1, max_length=100, description="Its XML_ID; rules write it.", examples=["cdek"])
    title: Title = Field(description="What people see.", examples=["СДЭК"])


class ProcessFieldDocument(Strict):
    """A field of a smart process."""

    name: Code = Field(max_length=35, description="Its name; rules call it UF_<name>.", examples=["TRACK_NO"])
    type: FieldType = Field(default="string", description="What it holds; never changed once it is made.")
    title: Title = Field(description="What people see.", examples=[{"en": "Track", "ru": "Трек"}])
    multiple: bool = Field(default=False, description="Whether it holds several values; never changed.")
    options: list[TextOr[OptionDocument]] = Field(
        default=[],
        description="Of an enumeration; new ones are added, none is ever deleted.",
        examples=[["CDEK", {"id": "post", "title": {"en": "Post", "ru": "Почта"}}]],
    )


class StageDocument(Strict):
    """A stage of a smart process."""

    id: Code = Field(max_length=22, description="Its id; rules write it into stageId.", examples=["NEW"])
    title: Title = Field(description="What people see.", examples=[{"en": "Sent", "ru": "Отправлено"}])
    color: str | None = Field(default=None, pattern=COLOUR, description="Its colour.", examples=["#39A8EF"])
    final: Literal["success", "fail"] | None = Field(
        default=None, description="Whether items end there. The good end is the one that Bitrix24 has already."
    )


class ProcessDocument(Strict):
    """A smart process that is made where it is missing and kept in shape; nothing of it is ever taken away."""

    version: Literal[1] = Field(default=1, description="Version of the language.")
    about: str = Field(default="", description="Free text.")
    include: Many[str] = Field(default=[], description="Files beside this one that are loaded before it.")
    process: str = Field(pattern=NAME, description="Its name in rules.", examples=["shipments"])
    type: int = Field(ge=128, description="Its entityTypeId: an even number from 1030.", examples=[1036])
    title: Title = Field(
        description="What people see; what they rename stays renamed.", examples=[{"en": "Shipments", "ru": "Отгрузки"}]
    )
    fields: list[ProcessFieldDocument] = Field(default=[], description="Its fields.")
    stages: list[StageDocument] = Field(default=[], description="Its stages, in their order.")
    links: list[Literal["contact", "company", "deal"]] = Field(
        default=[], description="What its items belong to.", examples=[["contact", "company", "deal"]]
    )
