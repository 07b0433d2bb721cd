"""The portal itself: all state in memory, behind one lock."""

from __future__ import annotations

import secrets
import threading
from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from connector.sandbox.answers import ApiError
from connector.sandbox.calls import Exchange
from connector.sandbox.config import SandboxConfig
from connector.sandbox.crm_settings import Settings
from connector.sandbox.crm_tables import Table, Tables
from connector.sandbox.faults import DownMode, FaultBook
from connector.sandbox.limits import Bucket, Operating
from connector.sandbox.model import App, Binding, Chat, Connector, Line, Message, Session, Status, Stored, Token, User
from connector.sandbox.offline_queue import OfflineQueue
from connector.sandbox.outbox import Outbox
from connector.sandbox.structure import Structure
from connector.sandbox.timing import PortalClock

# Expired tokens are remembered for a while: they answer ``expired_token``, not ``invalid_token``.
KEEP_EXPIRED = 3600.0
SWEEP_TOKENS = 2000
FIRST_IDS: Mapping[str, int] = {
    "user": 500,
    "chat": 1700,
    "session": 300,
    "message": 86000,
    "file": 7300,
    "binding": 180,
    "line": 100,
    "notify": 9000,
}


def _people(config: SandboxConfig) -> dict[int, User]:
    return {
        item.id: User(
            id=item.id,
            name=item.name,
            last_name=item.last_name,
            admin=item.admin,
            extension=item.extension,
            mobile=item.mobile,
        )
        for item in config.operators
    }


def _lines(config: SandboxConfig) -> dict[int, Line]:
    return {
        item.id: Line(
            id=item.id,
            name=item.name,
            queue=list(item.queue),
            welcome=item.welcome,
            vote=item.vote,
            crm=item.crm,
            crm_create=item.crm_create,
            crm_category=item.crm_category,
        )
        for item in config.lines
    }


class Portal:
    """One pretend Bitrix24. Hold ``lock`` to read or change anything."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.lock = threading.RLock()
        self.host = "127.0.0.1:0"
        self.clock = PortalClock(config.clock, config.factor)
        self.outbox = Outbox(config.event_timeout, config.log_size, self.now)
        self.reset()

    def reset(self) -> None:
        """A new portal: as configured, with nothing in it."""
        config = self.config
        with self.lock:
            self.domain, self.former = self.host, set[str]()
            self.down: DownMode = ""
            self.overload = 0
            self.users, self.lines = _people(config), _lines(config)
            app = App(
                client_id=config.client_id, client_secret=config.client_secret, name=config.app_name, scope=config.scope
            )
            self.apps = {app.client_id: app}
            self._sweep_at = SWEEP_TOKENS
            self.access: dict[str, Token] = {}
            self.refresh: dict[str, Token] = {}
            self.codes: dict[str, Token] = {}
            self.bindings: list[Binding] = []
            self.offline = OfflineQueue()
            self.connectors: dict[str, Connector] = {}
            self.statuses: dict[tuple[str, int], Status] = {}
            self.clients: dict[str, int] = {}
            self.chats: dict[int, Chat] = {}
            self.chat_codes: dict[str, int] = {}
            self.sessions: dict[int, Session] = {}
            self.messages: dict[int, Message] = {}
            self.files: dict[int, Stored] = {}
            self.notices: deque[dict[str, Any]] = deque(maxlen=config.log_size)
            self.calls: deque[dict[str, Any]] = deque(maxlen=config.log_size)
            self.counters: Counter[str] = Counter()
            self.errors: Counter[str] = Counter()
            self.called: Counter[str] = Counter()
            self.faults = FaultBook()
            self._furnish_anew(config)
            limits = config.limits
            self.bucket = Bucket(limits.burst, limits.per_second, self.now())
            self.operating = Operating(limits.operating, config.operating_window)
            self.seconds = dict(config.seconds)
            self._last = dict(FIRST_IDS)
        self.outbox.forget()

    def _furnish_anew(self, config: SandboxConfig) -> None:
        """The CRM, the tasks and the company's structure, empty."""
        self.crm = Tables(self.now_text)
        self.settings = Settings(config.language, self.now_text)
        self.comments, self.tasks = Table(900, self.now_text), Table(3700, self.now_text)
        self.task_tags: dict[str, int] = {}
        self.groups = Table(0, self.now_text)
        self.members: dict[int, dict[int, str]] = {}
        self.structure = Structure(self.settings.word(("Company", "Компания")), self.now_text)
        self.invited: list[int] = []
        self.exchange = Exchange(self.now_text)

    def next_id(self, kind: str) -> int:
        """The next number of its kind; message ids grow over all chats."""
        self._last[kind] += 1
        return self._last[kind]

    def now(self) -> float:
        """The portal's clock, unix seconds."""
        return self.clock.now()

    def now_text(self, at: float | None = None) -> str:
        """A moment as the portal writes it: ISO-8601 in its own zone (+03:00)."""
        moment = datetime.fromtimestamp(self.now() if at is None else at, UTC)
        return moment.astimezone(timezone(timedelta(hours=3))).isoformat(timespec="seconds")

    @property
    def client_endpoint(self) -> str:
        """Base of REST calls."""
        return f"http://{self.domain}/rest/"

    @property
    def server_endpoint(self) -> str:
        """Base of the authorisation server; the token endpoint is it without ``/rest/`` plus ``/oauth/token/``."""
        return f"http://{self.host}/oauth-server/rest/"

    def mint(self, user_id: int, client_id: str) -> tuple[str, Token]:
        """A new access token of this user for this application; the long dead ones are swept away."""
        now = self.now()
        if len(self.access) > self._sweep_at:
            self.access = {text: token for text, token in self.access.items() if token.expires > now - KEEP_EXPIRED}
            self._sweep_at = 2 * len(self.access) + SWEEP_TOKENS
        token = Token(user_id=user_id, client_id=client_id, expires=now + self.config.token_ttl)
        text = secrets.token_hex(35)
        self.access[text] = token
        return text, token

    def mint_refresh(self, user_id: int, client_id: str) -> str:
        """A new refresh token; it works once."""
        text = secrets.token_hex(35)
        expires = self.now() + self.config.refresh_ttl
        self.refresh[text] = Token(user_id=user_id, client_id=client_id, expires=expires)
        return text

    def store(self, name: str, mime: str, content: bytes) -> Stored:
        """Keep a file; it is served under ``/pub/im.file.php``."""
        kept = Stored(id=self.next_id("file"), name=name, mime=mime, content=content, sign=secrets.token_hex(16))
        self.files[kept.id] = kept
        return kept

    def file_url(self, file: Stored) -> str:
        """The signed download link, which needs no authorisation."""
        return f"http://{self.domain}/pub/im.file.php?FILE_ID={file.id}&SIGN={file.sign}"

    def works(self, connector: str, line: int) -> bool:
        """STATUS of a connector on a line: active, not in error, and past its activation delay."""
        status = self.statuses.get((connector, line))
        known = line in self.lines and self.lines[line].active and connector in self.connectors
        return bool(known and status and status.active and not status.error and status.ready_at <= self.now())

    def chat(self, chat_id: int) -> Chat:
        """The chat, or the error of the methods that take CHAT_ID."""
        if chat_id not in self.chats:
            raise ApiError("CHAT_ID", "Chat ID can't be empty", 400)
        return self.chats[chat_id]

    def session_of(self, chat: Chat) -> Session | None:
        """The latest session of a chat."""
        return self.sessions[chat.sessions[-1]] if chat.sessions else None
