"""How requests of a provider come in: the part that messengers, mailboxes and PBXs share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connector.domain.events import Event
from connector.domain.listening import Listening
from connector.domain.request import Reply, Request

# Keeps a file (name, MIME type, bytes) and gives its key.
Store = Callable[[str, str, bytes], str]
# Gives the bytes of a kept file by its key; raises ``PermanentError`` when it is gone.
Read = Callable[[str], bytes]


@dataclass(frozen=True, kw_only=True)
class Door:
    """A door (webhooks), or a stream that ``listen`` reads until it is stopped.

    ``verify`` raises ``Refused``; ``parse`` is pure and raises anything when it cannot read (the envelope is kept
    and parked); ``dedupe_key`` never raises. ``handshake`` answers a request by which the provider only asks whether
    we are there (it checks the asker itself and raises ``Refused``); ``None`` means that the request is no handshake.
    ``secrets`` are fields of a form or JSON body that prove the sender: what is kept of a request has ``***`` for them,
    so ``parse``, which reads kept requests again, must not want them.
    ``paths``: requests may come to addresses below ``/hooks/<account>/`` too; ``request.path`` tells which.
    ``limit``: so many bytes a body may have, where they are more than the house lets in (0: they are not).
    ``by_head``: ``verify`` looks at no body, so a stranger is turned away before theirs is read.
    ``condense`` makes a small request of a verified one, whose files go to the store: only that is kept and parsed.
    ``anew`` makes what ``condense`` made once more, by today's code, of a kept request that could not be read.
    ``listen`` returns or raises when the connection is gone; it is called again. ``silence`` are the seconds after
    which a stream that says nothing is dead.
    """

    verify: Callable[[Request, Any], None]
    dedupe_key: Callable[[Request, Any], str]
    parse: Callable[[Request, Any], list[Event]]
    accepted: Reply = Reply()
    handshake: Callable[[Request, Any], Reply | None] | None = None
    paths: bool = False
    secrets: tuple[str, ...] = ()
    limit: int = 0
    by_head: bool = False
    condense: Callable[[Request, Any, Store], Request] | None = None
    anew: Callable[[Request, Any, Read, Store], Request] | None = None
    listen: Callable[[Any, Listening], None] | None = None
    silence: float = 60.0
