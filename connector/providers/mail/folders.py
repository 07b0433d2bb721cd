"""The folders of a mailbox (facts/providers.md §4.1)."""

from __future__ import annotations

from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError
from imapclient.imapclient import SENT

from connector.errors import Stopped
from connector.providers.mail import words
from connector.providers.mail.settings import ImapSettings

_MOST = 40  # names that are told
_USUAL = frozenset({"отправленные", "inbox.sent", "inbox/sent", "inbox.отправленные", "inbox/отправленные"})


def examined(client: IMAPClient, folder: str, *, readonly: bool) -> dict[bytes, Any]:
    """Open a folder; what the server tells of it. Raises ``Stopped`` with the names of those that there are."""
    try:
        told: dict[bytes, Any] = client.select_folder(folder, readonly=readonly)
    except IMAPClientAbortError:
        raise
    except IMAPClientError:
        known = names(client)
        if folder in known or folder.upper() == "INBOX":
            raise  # it is there, and the server has other reasons
        listed = ", ".join(known[:_MOST]) or "INBOX"
        hint = words.NO_FOLDER.with_(folder=folder, known=listed)
        raise Stopped("mail.no_folder", hint=hint, state="blocked", detail=folder) from None
    return told


def names(client: IMAPClient) -> list[str]:
    """The folders that can be read, INBOX first."""
    listed = [name for flags, _, name in client.list_folders() if b"\\Noselect" not in flags]
    return sorted(listed, key=lambda name: (name.upper() != "INBOX", name))


def sent(client: IMAPClient, imap: ImapSettings) -> str:
    """Where sent letters are filed: as the settings say, as the server flags it, or by a usual name; else empty."""
    told = imap.sent or str(client.find_special_folder(SENT) or "")
    return told or next((name for name in names(client) if name.casefold() in _USUAL), "")
