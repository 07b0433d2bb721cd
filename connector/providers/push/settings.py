"""A source that is pushed to, in ``connector.yaml``."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, model_validator

from connector.domain.durations import Duration
from connector.domain.sources import SourceSettings
from connector.providers.gate import OurSecret
from connector.providers.standard_webhooks import Secrets
from connector.speech import Text

_PROOF = Text("a secret or a token that proves the sender", "secret или token, подтверждающий отправителя")
_GIVE_ONE = Text(
    'write `secret: ...` (make one with: echo "whsec_$(openssl rand -base64 32)") or `token: ...` '
    "(openssl rand -hex 24)",
    'укажите `secret: ...` (создайте: echo "whsec_$(openssl rand -base64 32)") или `token: ...` (openssl rand -hex 24)',
)


class PushSettings(SourceSettings):
    """``secret`` is one ``whsec_…`` or a list of them while keys are rotated (Standard Webhooks 1.0.0); ``token`` is
    for systems that cannot sign (``Authorization: Bearer …``). ``body_limit``: so many bytes a request may bear.
    ``separator`` is that of CSV; empty: the one that its first line has.
    """

    secret: Secrets | None = None
    token: OurSecret | None = None
    body_limit: int = Field(default=8 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    separator: str = Field(default="", max_length=1, examples=[";"])
    overlap: Duration = timedelta(minutes=1)

    @model_validator(mode="after")
    def _proven(self) -> PushSettings:
        if self.secret is None and self.token is None:
            raise ValueError(_PROOF, _GIVE_ONE)
        return self

    def keys(self) -> tuple[str, ...]:
        """The signing secrets as text, the first being the newest. Never logged."""
        return tuple(value.get_secret_value() for value in self.secret or ())
