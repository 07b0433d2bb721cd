"""The things a portal holds: people, tokens, bindings, connectors, lines, chats, sessions, messages, files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Author = Literal["client", "operator", "system"]

# Session states (facts/bitrix24-openlines.md §2.3).
NEW, SKIPPED, TAKEN, WAITING, ASKED_AGAIN, REPLIED, CLOSING, CLOSED, SPAM = 0, 5, 10, 20, 25, 40, 50, 60, 65


@dataclass(kw_only=True)
class User:
    """An employee, or a ``client`` written by a connector (``xml_id`` is ``<connector>|<user.id>``).

    ``extension`` is UF_PHONE_INNER, ``timeman`` the state of the working day: OPENED, CLOSED, PAUSED, EXPIRED.
    ``departments`` is UF_DEPARTMENT, ``profile`` what else of the profile was written, ``UF_USR_…`` as rows keep it;
    ``fields`` are those of a client.
    """

    id: int
    name: str
    last_name: str = ""
    admin: bool = False
    active: bool = True
    xml_id: str = ""
    block: str = ""
    extension: str = ""
    mobile: str = ""
    timeman: str = "OPENED"
    client: bool = False
    email: str = ""
    departments: list[int] = field(default_factory=lambda: [1])
    profile: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """First and last name."""
        return f"{self.name} {self.last_name}".strip()


@dataclass(kw_only=True)
class App:
    """An application registered on the portal. ``present`` since install, ``installed`` since it was finished."""

    client_id: str
    client_secret: str
    name: str
    scope: str
    present: bool = False
    installed: bool = False
    application_token: str = ""
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class Token:
    """An access or refresh token, or a one-time code. ``expires`` is unix seconds."""

    user_id: int
    client_id: str
    expires: float


@dataclass(frozen=True, kw_only=True)
class Binding:
    """One handler of one event. ``user_id`` 0: the acting user's token is sent."""

    id: int
    client_id: str
    event: str
    handler: str
    user_id: int
    offline: bool = False


@dataclass(kw_only=True)
class Connector:
    """A registered connector; ``id`` is lower case."""

    id: str
    client_id: str
    name: str
    handler: str
    edit_internal: bool = True
    delete_internal: bool = True
    delete_external: bool = True
    system_messages: bool = True
    signature: bool = True
    group: bool = False


@dataclass(kw_only=True)
class Status:
    """A connector on a line. ``ready_at`` is when an activation takes hold, unix seconds."""

    connector: str
    line: int
    active: bool = False
    error: bool = False
    ready_at: float = 0.0
    data: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Line:
    """An open line and its queue of operators.

    ``entries`` is the queue as it was sent, of ``("user", 1)`` and ``("department", 10)``; ``queue`` the users in it.
    """

    id: int
    name: str
    queue: list[int]
    welcome: str = ""
    vote: bool = False
    crm: bool = True
    crm_create: str = "lead"
    crm_category: int = 0
    active: bool = True
    turn: int = 0
    order: str = "evenly"
    entries: list[tuple[str, int]] = field(default_factory=list)


@dataclass(kw_only=True)
class Stored:
    """A file kept by the portal."""

    id: int
    name: str
    mime: str
    content: bytes
    sign: str


@dataclass(kw_only=True)
class Message:
    """One chat message. ``mids`` are the connector's ids (CONNECTOR_MID); ``sending`` until delivery is reported."""

    id: int
    chat_id: int
    session_id: int
    author: Author
    author_id: int
    text: str
    at: float
    files: list[int] = field(default_factory=list)
    mids: list[str] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    sending: bool = False
    read: bool = False
    edited: bool = False
    deleted: bool = False
    forwarded: bool = False


@dataclass(kw_only=True)
class Session:
    """One dialog inside a chat, from the first message to the finish."""

    id: int
    chat_id: int
    line: int
    operator: int
    began: float
    parent: int = 0
    status: int = NEW
    closed: float = 0.0
    vote: int = 0
    wait_vote: bool = False
    head_vote: int = 0
    comment: str = ""
    activity: int = 0
    messages: list[int] = field(default_factory=list)


@dataclass(kw_only=True)
class Chat:
    """An open-line chat; ``code`` is its entity_id ``<connector>|<line>|<chat.id>|<user>``.

    ``named``: its connector renamed it.
    """

    id: int
    connector: str
    line: int
    external: str
    user_id: int
    code: str
    name: str
    description: str = ""
    moved_line: int = 0
    pinned: bool = False
    silent: bool = False
    named: bool = False
    crm: dict[str, int] = field(default_factory=dict)
    members: list[int] = field(default_factory=list)
    sessions: list[int] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)
