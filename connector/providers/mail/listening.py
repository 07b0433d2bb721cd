"""Reads a mailbox until it is gone or we are to stop: a thread and a connection for each folder."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from imapclient import IMAPClient

from connector.domain.listening import Listening
from connector.errors import Stopped
from connector.providers.mail import entry, following
from connector.providers.mail.reading import Reading
from connector.providers.mail.session import opened
from connector.providers.mail.settings import MailboxSettings
from connector.providers.smtp import Key

SILENCE = 900.0  # seconds: the longest poll, and a server that is slow
_PATIENCE = 5.0  # seconds in which a folder may finish its letter before its connection is cut
_LOOK = 0.2


def listen(settings: MailboxSettings, listening: Listening, pace: following.Pace = following.PACE) -> None:
    """Keep what comes into the folders until ``listening.stopped()``.

    Raises what ends any of them: ``TransientError`` (the connection is gone) or ``Stopped`` (login, no such folder).
    """
    ended, key = threading.Event(), entry.key(settings, listening.http)
    folders = [_Folder(settings, key, name, _Together(listening, ended), pace) for name in settings.imap.folders]
    for folder in folders:
        folder.start()
    cut_at = float("inf")
    while any(folder.is_alive() for folder in folders):
        ended.wait(_LOOK)
        if not ended.is_set() and not listening.stopped():
            continue
        cut_at = min(cut_at, time.monotonic() + _PATIENCE)
        for folder in folders:
            folder.join(_LOOK / len(folders))
            if time.monotonic() >= cut_at:
                folder.cut()
    failures = sorted((folder.failure for folder in folders if folder.failure), key=lambda one: not _final(one))
    if failures and not listening.stopped():
        raise failures[0]


class _Folder(threading.Thread):
    """One folder. What it is given of the house says that it is to stop when any of them has ended."""

    def __init__(
        self, settings: MailboxSettings, key: Key, name: str, together: _Together, pace: following.Pace
    ) -> None:
        super().__init__(name=f"mail-{settings.account}-{name}"[:60], daemon=True)
        self._settings, self._key, self._folder, self._pace = settings, key, name, pace
        self._listening = together
        self._client: IMAPClient | None = None
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            with opened(self._settings, self._key) as client:
                self._client = client
                self._follow(client)
        except Exception as error:  # raised again by who waits for us
            self.failure = None if self._listening.stopped() else error
        finally:
            self._listening.ended.set()

    def cut(self) -> None:
        """Wake it from whatever it waits for."""
        if self._client is not None:
            with suppress(OSError):
                self._client.socket().shutdown(socket.SHUT_RDWR)

    def _follow(self, client: IMAPClient) -> None:
        reading = Reading(client, self._settings, self._folder, self._listening)
        waiting = following.Waiting(client, self._listening, poll=self._settings.imap.poll, pace=self._pace)
        reading.begin()
        self._listening.heard()
        while not self._listening.stopped():
            brought = reading.bring()
            self._listening.heard()
            waiting.wait(brought=brought > 0)


class _Together:
    """The house, for one of several that end together."""

    def __init__(self, listening: Listening, ended: threading.Event) -> None:
        self._listening, self.ended = listening, ended
        self.http, self.keep, self.store = listening.http, listening.keep, listening.store
        self.mark, self.set_mark = listening.mark, listening.set_mark
        self.open_calls, self.heard, self.last_heard = listening.open_calls, listening.heard, listening.last_heard

    def stopped(self) -> bool:
        return self.ended.is_set() or self._listening.stopped()


def _final(error: Exception) -> bool:
    return isinstance(error, Stopped)
