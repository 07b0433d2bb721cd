"""Letters: what mail tells beyond a message, and what makes a letter of a reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from connector.domain.values import File

Automatic = Literal["", "auto_reply", "bulk", "list", "ours"]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """The letter behind a message. Ids are without ``<>``; ``message_id`` is of our making when it had none.

    ``automatic`` says that a machine wrote it, ``suppress`` that no automatic answer is wanted, ``spam`` why it is
    taken for spam (empty: it is not), ``shortened`` that a quote or a signature was cut from the text. ``marked``: a
    mark of ours tells the conversation (in an id, an address or the subject). ``begins``: the first letter of its
    conversation, or one under another subject. ``original`` is the whole letter.
    """

    subject: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    from_address: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_to: str = ""
    automatic: Automatic = ""
    suppress: bool = False
    spam: str = ""
    shortened: bool = False
    marked: bool = False
    begins: bool = False
    original: File | None = None


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What stands above a letter of ours. Ids are without ``<>``; ``message_id`` is made before it leaves and is its
    proof. ``references`` are the whole thread before it, oldest first. ``signature`` is BBCode. ``automatic``: no
    person wrote it (RFC 3834).
    """

    to: str
    to_name: str = ""
    cc: tuple[str, ...] = ()
    subject: str
    message_id: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    signature: str = ""
    automatic: bool = False
