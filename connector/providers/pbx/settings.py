"""A PBX that speaks our signed webhooks, in ``connector.yaml``."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from connector.domain.telephony import PbxSettings
from connector.providers.addresses import SafeUrl
from connector.providers.places import Place
from connector.providers.standard_webhooks import Secrets
from connector.speech import Text

_FOLDER = Text(
    "an address that begins with file:/// or sftp://user@, without a password",
    "адрес, начинающийся с file:/// или sftp://user@, без пароля",
)
_FOLDER_EXAMPLE = Text("for example sftp://pbx@203.0.113.7/recordings", "например sftp://pbx@203.0.113.7/recordings")
_WITHOUT = Text("api_url beside files_authorization", "api_url вместе с files_authorization")
_WHERE = Text(
    "write api_url: the header is sent to addresses below it and to nobody else",
    "укажите api_url: заголовок уходит только по адресам под ним и больше никуда",
)


class RecordingsFolder(Place):
    """A folder that recordings lie in: ``url`` is ``file:///…`` or ``sftp://user@host/…``.

    ``sftp`` wants a ``password`` or a ``key`` (the path of a private key on this machine; ``password`` then opens it),
    and always a ``host_key`` (a fingerprint as ``ssh-keygen -l`` shows it, or lines of ``known_hosts``).
    """

    url: str = Field(examples=["file:///srv/recordings"])

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if not re.fullmatch(r"file:///[^\s?#]+|sftp://[^\s/:?#@]+@[^\s/?#@]+/[^\s?#]*", value):
            raise ValueError(_FOLDER, _FOLDER_EXAMPLE)
        return value.rstrip("/")


class WebhookPbxSettings(PbxSettings):
    """``secret`` is one ``whsec_…`` or a list of them while keys are rotated: any verifies, all sign.

    ``dial_url`` is asked to place calls, ``history_url`` to tell of past ones; both are optional. ``api_url`` is where
    recordings lie; with ``files_authorization`` they are asked for with that ``Authorization`` header. ``recordings``
    is the folder of those that are told by path.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    secret: Secrets
    dial_url: SafeUrl | Literal[""] = Field(default="", examples=["https://pbx.example.com/from-bitrix24"])
    history_url: SafeUrl | Literal[""] = Field(default="", examples=["https://pbx.example.com/history"])
    files_authorization: SecretStr | None = None
    recordings: RecordingsFolder | None = None

    @model_validator(mode="after")
    def _whose_files(self) -> Self:
        if self.files_authorization and not self.api_url.startswith("http"):
            raise ValueError(_WITHOUT, _WHERE)
        return self

    @property
    def remembers(self) -> bool:
        """Whether there is somebody to ask for past calls."""
        return bool(self.history_url)

    def keys(self) -> tuple[str, ...]:
        """The secrets as text, the first being the newest. Never logged."""
        return tuple(value.get_secret_value() for value in self.secret)
