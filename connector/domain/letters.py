"""Letters: what mail tells beyond a message, and what comes back when ours did not arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Automatic = Literal["", "auto_reply", "bulk", "list", "ours"]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """The letter behind a message. Ids are without ``<>``; ``message_id`` is of our making when it had none.

    ``automatic`` says that a machine wrote it, ``suppress`` that no automatic answer is wanted, ``spam`` why it is
    taken for spam (empty: it is not), ``shortened`` that a quote or a signature was cut from the text.
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


@dataclass(frozen=True, kw_only=True)
class LetterBounced:
    """A server could not hand over **our** letter ``message_id`` to ``recipient``.

    ``status`` is RFC 3463's (``5.1.1``) or empty, ``said`` the server's own words; not ``final``: it goes on trying.
    """

    kind: Literal["letter.bounced"] = "letter.bounced"
    account: str
    conversation: str
    position: int = 0
    message_id: str
    recipient: str = ""
    status: str = ""
    said: str = ""
    final: bool = True

    @property
    def lane(self) -> str:
        """The conversation that the letter belonged to."""
        return f"{self.account}.{self.conversation}"
