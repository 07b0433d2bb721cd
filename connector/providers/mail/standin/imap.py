"""The IMAP side: one mailbox, as our own account reads it (RFC 3501, 2177, 6154, 4959)."""

from __future__ import annotations

import base64
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from connector.providers.mail.standin.asking import found, sequence, told
from connector.providers.mail.standin.boxes import Boxes, Folder
from connector.providers.mail.standin.smtp import Manners
from connector.providers.mail.standin.wording import Word, command, quoted, words

CAN = "IMAP4rev1 IDLE NAMESPACE SPECIAL-USE UIDPLUS UNSELECT ENABLE ID SASL-IR AUTH=PLAIN"
READY = b"+ go on\r\n"
Act = Callable[["ImapTalk", list[Word]], str]


class ImapTalk(socketserver.StreamRequestHandler):
    """One connection. A deed answers what stands after the tag."""

    server: ImapServer

    def handle(self) -> None:
        """Until it ends, or is cut."""
        self._known, self._read_only, self._told = False, True, 0
        self._folder: Folder | None = None
        self._idles, self._saying = False, threading.Lock()
        boxes = self.server.boxes
        boxes.watchers.append(self._watch)
        try:
            self._tell(f"* OK [CAPABILITY {CAN}] pretend")
            with suppress(OSError, ValueError):
                while self._served():
                    pass
        finally:
            boxes.watchers.remove(self._watch)

    def _served(self) -> bool:
        words_of = command(self.rfile, READY, self.wfile)
        if words_of is None:
            return False
        tag, name, *rest = [*words_of, "", ""][: max(2, len(words_of))]
        verb = str(name).upper()
        act = _VERBS.get(verb)
        try:
            if act is None:
                said = "BAD what is that?"
            elif not self._known and verb not in _BEFORE:
                said = "NO [AUTHENTICATIONFAILED] who are you?"
            elif verb in _WAITING:
                said = act(self, rest)
            else:
                with self.server.boxes.lock:
                    said = act(self, rest)
        except (ValueError, IndexError, KeyError) as error:
            said = f"BAD {type(error).__name__}"
        self._news()
        self._tell(f"{tag} {said}")
        return verb != "LOGOUT"

    def _capability(self, rest: list[Word]) -> str:
        self._tell(f"* CAPABILITY {CAN}")
        return "OK done"

    def _login(self, rest: list[Word]) -> str:
        return self._enter(str(rest[0]), str(rest[1]))

    def _authenticate(self, rest: list[Word]) -> str:
        if str(rest[0]).upper() != "PLAIN":
            return "NO only PLAIN"
        first = str(rest[1]) if len(rest) > 1 else ""
        if not first:
            self._tell("+ ")
            first = self.rfile.readline(4096).decode("ascii", "replace").strip()
        _, user, password = base64.b64decode(first).decode("utf-8", "replace").split("\0")
        return self._enter(user, password)

    def _enter(self, user: str, password: str) -> str:
        self._known = (user.lower(), password) == (self.server.boxes.owner, self.server.manners.password)
        return "OK welcome" if self._known else "NO [AUTHENTICATIONFAILED] wrong user or password"

    def _list(self, rest: list[Word]) -> str:
        for folder in self.server.boxes.folders.values():
            flags = " ".join(flag for flag in ("\\HasNoChildren", folder.use) if flag)
            self._tell(f'* LIST ({flags}) "/" {quoted(folder.name)}')
        return "OK done"

    def _namespace(self, rest: list[Word]) -> str:
        self._tell('* NAMESPACE (("" "/")) NIL NIL')
        return "OK done"

    def _status(self, rest: list[Word]) -> str:
        folder = self.server.boxes.folders[str(rest[0])]
        known = {
            "MESSAGES": len(folder.letters),
            "UIDNEXT": folder.next_uid,
            "UIDVALIDITY": folder.validity,
            "UNSEEN": sum("\\Seen" not in kept.flags for kept in folder.letters),
        }
        pairs = " ".join(f"{name} {known[name.upper()]}" for name in words(rest[1]) if name.upper() in known)
        self._tell(f"* STATUS {quoted(folder.name)} ({pairs})")
        return "OK done"

    def _select(self, rest: list[Word], read_only: bool = False) -> str:
        name = str(rest[0])
        folder = self.server.boxes.folders.get("INBOX" if name.upper() == "INBOX" else name)
        if folder is None:
            return "NO [NONEXISTENT] no such folder"
        self._folder, self._read_only, self._told = folder, read_only, len(folder.letters)
        self._tell(
            "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)",
            f"* {self._told} EXISTS",
            "* 0 RECENT",
            f"* OK [UIDVALIDITY {folder.validity}] valid",
            f"* OK [UIDNEXT {folder.next_uid}] next",
        )
        return "OK [READ-ONLY] open" if read_only else "OK [READ-WRITE] open"

    def _examine(self, rest: list[Word]) -> str:
        return self._select(rest, read_only=True)

    def _close(self, rest: list[Word]) -> str:
        self._folder = None
        return "OK closed"

    def _uid(self, rest: list[Word]) -> str:
        deeds = {"SEARCH": self._search, "FETCH": self._fetch, "STORE": self._store}
        return deeds[str(rest[0]).upper()](rest[1:], by_uid=True)

    def _search(self, rest: list[Word], by_uid: bool = False) -> str:
        folder = self._open()
        hits = {kept.uid for kept in found(folder, words(rest))}
        rows = [(number, kept.uid) for number, kept in enumerate(folder.letters, 1) if kept.uid in hits]
        self._tell(" ".join(["* SEARCH", *(str(uid if by_uid else number) for number, uid in rows)]))
        return "OK done"

    def _fetch(self, rest: list[Word], by_uid: bool = False) -> str:
        asked = words(rest[1])
        for number, kept in sequence(self._open(), str(rest[0]), by_uid):
            if not self._read_only and any(item.upper().startswith(("BODY[", "RFC822")) for item in asked):
                kept.flags.add("\\Seen")
            self._say(b"* %d FETCH %s\r\n" % (number, told(kept, asked)))
        return "OK done"

    def _store(self, rest: list[Word], by_uid: bool = False) -> str:
        if self._read_only:
            return "NO it is open for reading only"
        given = set(words(rest[2:]))
        for number, kept in sequence(self._open(), str(rest[0]), by_uid):
            sign = str(rest[1])[0]
            kept.flags = kept.flags | given if sign == "+" else kept.flags - given if sign == "-" else given
            self._say(b"* %d FETCH %s\r\n" % (number, told(kept, ["FLAGS"])))
        return "OK done"

    def _append(self, rest: list[Word]) -> str:
        name, *options, raw = rest
        if str(name) not in self.server.boxes.folders:
            return "NO [TRYCREATE] no such folder"
        given = next((set(words(one)) for one in options if isinstance(one, list)), set[str]())
        said = next((one for one in options if isinstance(one, str)), "")
        at = datetime.strptime(said.strip(), "%d-%b-%Y %H:%M:%S %z") if said else None
        kept = self.server.boxes.put(str(name), str(raw).encode("latin-1"), given, at)
        return f"OK [APPENDUID {self.server.boxes.folders[str(name)].validity} {kept.uid}] kept"

    def _idle(self, rest: list[Word]) -> str:
        self._tell("+ idling")
        self._idles = True
        self._news()
        self.server.boxes.idling += 1
        try:
            self.rfile.readline(4096)  # DONE, or the end of the connection
        finally:
            self.server.boxes.idling -= 1
            self._idles = False
        return "OK done"

    def _nothing(self, rest: list[Word]) -> str:
        return "OK done"

    def _logout(self, rest: list[Word]) -> str:
        self._tell("* BYE")
        return "OK bye"

    def _open(self) -> Folder:
        if self._folder is None:
            raise ValueError("no folder is open")
        return self._folder

    def _watch(self, folder: Folder) -> None:
        """A letter came: whoever idles hears of it at once."""
        if self._idles and folder is self._folder:
            with suppress(OSError, ValueError):
                self._news()

    def _news(self) -> None:
        folder = self._folder
        if folder is not None and len(folder.letters) != self._told:
            self._told = len(folder.letters)
            self._tell(f"* {self._told} EXISTS")

    def _tell(self, *lines: str) -> None:
        self._say("".join(f"{line}\r\n" for line in lines).encode("utf-8"))

    def _say(self, said: bytes) -> None:
        with self._saying:
            self.wfile.write(said)


class ImapServer(socketserver.ThreadingTCPServer):
    """Where it is listened."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, boxes: Boxes, manners: Manners) -> None:
        super().__init__(("127.0.0.1", port), ImapTalk)
        self.boxes, self.manners = boxes, manners


_WAITING = frozenset({"IDLE", "AUTHENTICATE"})  # for the other side: nobody else may wait for that
_BEFORE = frozenset({"CAPABILITY", "LOGIN", "AUTHENTICATE", "NOOP", "LOGOUT", "ID"})
_VERBS: dict[str, Act] = {
    "CAPABILITY": ImapTalk._capability,
    "LOGIN": ImapTalk._login,
    "AUTHENTICATE": ImapTalk._authenticate,
    "LIST": ImapTalk._list,
    "NAMESPACE": ImapTalk._namespace,
    "STATUS": ImapTalk._status,
    "SELECT": ImapTalk._select,
    "EXAMINE": ImapTalk._examine,
    "CLOSE": ImapTalk._close,
    "UNSELECT": ImapTalk._close,
    "UID": ImapTalk._uid,
    "SEARCH": ImapTalk._search,
    "FETCH": ImapTalk._fetch,
    "STORE": ImapTalk._store,
    "APPEND": ImapTalk._append,
    "IDLE": ImapTalk._idle,
    "NOOP": ImapTalk._nothing,
    "CHECK": ImapTalk._nothing,
    "ENABLE": ImapTalk._nothing,
    "ID": ImapTalk._nothing,
    "LOGOUT": ImapTalk._logout,
}
