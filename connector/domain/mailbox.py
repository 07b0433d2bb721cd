"""The settings that every account of mail has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from connector.domain.provider import AccountSettings
from connector.speech import Text

_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\.]+(?:\.[^@\s<>,;:\"()\[\]\\.]+)+")
_EXPECTED = Text("one e-mail address", "один адрес электронной почты")
_EXAMPLE = Text("for example support@acme.ru", "например support@acme.ru")
_PATTERN = Text("a regular expression that can be read: {why}", "регулярное выражение, которое читается: {why}")
_PATTERN_EXAMPLE = Text('for example X-Spam-Flag: "(?i)^yes"', 'например X-Spam-Flag: "(?i)^yes"')


def _address(text: str) -> str:
    text = text.strip()
    if not _ADDRESS.fullmatch(text) or len(text) > 254:
        raise ValueError(_EXPECTED, _EXAMPLE)
    return text


Address = Annotated[str, AfterValidator(_address)]


class MailSettings(AccountSettings):
    """What every account of mail may say.

    ``address`` is ours: clients write to it and replies come from it, under ``name``; ``aliases`` are further addresses
    of the same mailbox. Lines that an operator writes within ``pause`` seconds become one letter. ``mark`` is where the
    conversation is told besides the headers, for mail programs that drop those: in the ``subject``, in the ``address``
    that answers go to (``support+t…@``), or nowhere. ``answer_cc``: who stands in copy gets the answer too. ``spam``
    are headers and the patterns by which they tell spam; ``{}``: no letter is taken for spam.
    """

    address: Address = Field(examples=["support@acme.ru"])
    name: str = Field(default="", max_length=100)
    aliases: list[Address] = Field(default_factory=list, examples=[["help@acme.ru"]])
    pause: float = Field(default=30.0, ge=0, le=600)
    mark: Literal["", "subject", "address"] = ""
    answer_cc: bool = False
    spam: dict[str, str] | None = Field(default=None, examples=[{"X-Spam-Flag": "(?i)^yes"}])

    @property
    def boxes(self) -> frozenset[str]:
        """All addresses of this mailbox, lower case."""
        return frozenset(address.lower() for address in (self.address, *self.aliases))

    @property
    def domain(self) -> str:
        """The domain of our message ids."""
        return self.address.rpartition("@")[2].lower()

    @field_validator("spam")
    @classmethod
    def _readable(cls, patterns: Mapping[str, str] | None) -> Mapping[str, str] | None:
        for pattern in (patterns or {}).values():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(_PATTERN.with_(why=error), _PATTERN_EXAMPLE) from None
        return patterns
