"""A Telegram bot in ``connector.yaml``."""

from __future__ import annotations

import re

from pydantic import ConfigDict, SecretStr, field_validator

from connector.domain.provider import AccountSettings
from connector.speech import Text

OFFICIAL = "https://api.telegram.org"
_TOKEN = Text("a bot token such as 123456789:AAE…", "токен бота вида 123456789:AAE…")
_COPY = Text("copy it from @BotFather", "скопируйте его у @BotFather")
_SECRET = Text("1 to 256 of A-Z a-z 0-9 _ -", "от 1 до 256 знаков из A-Z a-z 0-9 _ -")
_MAKE_SECRET = Text("make one with: openssl rand -hex 32", "создайте так: openssl rand -hex 32")
_ROOT = Text("the root of a Bot API server", "корень сервера Bot API")
_EXAMPLE = Text("for example https://api.telegram.org", "например https://api.telegram.org")


class TelegramSettings(AccountSettings):
    """``token`` is BotFather's; ``secret`` is of your own making and proves that a webhook is Telegram's.

    ``api_url`` may point at a Bot API server of your own; ``groups`` also takes messages from group chats,
    where one group is one conversation.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    token: SecretStr
    secret: SecretStr
    api_url: str = OFFICIAL
    groups: bool = False

    @field_validator("token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,100}", value.get_secret_value()):
            raise ValueError(_TOKEN, _COPY)
        return value

    @field_validator("secret")
    @classmethod
    def _secret(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError(_SECRET, _MAKE_SECRET)
        return value

    @field_validator("api_url")
    @classmethod
    def _api_url(cls, value: str) -> str:
        address = (value or OFFICIAL).rstrip("/")
        if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", address):
            raise ValueError(_ROOT, _EXAMPLE)
        return address

    def method_url(self, method: str) -> str:
        """The address of a Bot API method. It holds the token: never log it."""
        return f"{self.api_url}/bot{self.token.get_secret_value()}/{method}"

    def file_url(self, path: str) -> str:
        """The address of a file that ``getFile`` named. It holds the token: never log it."""
        return f"{self.api_url}/file/bot{self.token.get_secret_value()}/{path}"
