"""A chat on a site, in ``connector.yaml``."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from connector.domain.provider import AccountSettings
from connector.speech import Text

_SECRET = Text("a secret of 32 to 200 characters", "секрет длиной от 32 до 200 знаков")
_MAKE_SECRET = Text("make one with: openssl rand -hex 32", "создайте так: openssl rand -hex 32")
_ORIGIN = Text("a web origin: scheme and host, nothing after them", "адрес сайта: схема и хост, после них ничего")
_EXAMPLE = Text(
    "name each site, for example https://shop.example: no * and no path",
    "назовите каждый сайт, например https://shop.example: без * и без пути",
)
_COLOR = Text("a colour like #0b66c3", "цвет вида #0b66c3")
_QUOTES = Text("write it in quotes: a # begins a comment", "возьмите его в кавычки: # начинает комментарий")
_LOOPBACK = re.compile(r"http://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | SecretStr) else value


class WebchatSettings(AccountSettings):
    """``secret`` signs the visitors' passes: one, or a list while it is changed (the first signs, any is believed).

    ``origins`` are the sites that may show the chat. ``title``, ``color`` and ``greeting`` are what visitors see.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    secret: Annotated[tuple[SecretStr, ...], BeforeValidator(_listed), Field(min_length=1, max_length=5)]
    origins: tuple[str, ...] = Field(default=(), examples=[["https://www.example.com"]])
    title: str = Field(default="", max_length=60)
    color: str = "#0b66c3"
    greeting: str = Field(default="", max_length=500)

    @field_validator("secret")
    @classmethod
    def _secret(cls, values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(32 <= len(value.get_secret_value()) <= 200 for value in values):
            raise ValueError(_SECRET, _MAKE_SECRET)
        return values

    @field_validator("origins")
    @classmethod
    def _origins(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        trimmed = tuple(value.strip().rstrip("/").lower() for value in values)
        for origin in trimmed:
            if not re.fullmatch(r"https?://[a-z0-9.\-\[\]:]+", origin):
                raise ValueError(_ORIGIN, _EXAMPLE)
            if origin.startswith("http://") and not _LOOPBACK.fullmatch(origin):
                raise ValueError(
                    Text("https:// (http:// is for this machine only)", "https:// (http:// — только для этой машины)"),
                    _EXAMPLE,
                )
        return trimmed

    @field_validator("color")
    @classmethod
    def _color(cls, value: str) -> str:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise ValueError(_COLOR, _QUOTES)
        return value.lower()

    def secrets(self) -> tuple[bytes, ...]:
        """The secrets, the first being the newest. Never logged."""
        return tuple(value.get_secret_value().encode() for value in self.secret)
