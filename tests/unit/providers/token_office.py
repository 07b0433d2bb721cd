"""Who sells tokens of mailboxes, and a clock that stands still."""

from __future__ import annotations

from typing import Any

from connector.providers.postal import OAuthSettings

CLIENT = OAuthSettings.model_validate(
    {
        "token_url": "https://id.test/token",
        "client_id": "we",
        "client_secret": "s",
        "refresh_token": "r1",
        "scope": "mail",
    }
)


class Ticks:
    """Seconds that stand still."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Answer:
    def __init__(self, status: int, told: Any) -> None:
        self.status_code, self._told = status, told

    def json(self) -> Any:
        if isinstance(self._told, Exception):
            raise self._told
        return self._told


class Office:
    """Sells tokens."""

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.asked = list(answers), []

    def request(self, method: str, url: str, **options: Any) -> Any:
        self.asked.append((method, url, options["data"]))
        return self.answers.pop(0)


def sold(token: str, **more: Any) -> Answer:
    return Answer(200, {"access_token": token, "expires_in": 3600, **more})
