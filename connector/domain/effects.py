"""What is to be done outside. A handler yields effects and gets their results back (DESIGN.md §6.1).

The result of each effect:

=============  =====================================================================
``Call``       the decoded ``result`` of the REST method
``Send``       :class:`~connector.domain.values.Receipt`
``Edit``       ``Receipt`` (new notes only)
``Delete``     ``Receipt``
``Acknowledge`` ``None``
``Dial``       ``Receipt``; its first id, if any, is the PBX's id of the call
``Attach``     the decoded ``result`` of the upload
``Fetch``      :class:`~connector.domain.values.StoredFile`
``Look``       ``True`` when it is seen to have left, ``False`` when nobody can tell
``Recall``     the remembered JSON value, or ``None``
``Remember``   ``None``
``Emit``       ``None``
``Adopt``      ``None``
=============  =====================================================================

What a handler returns, if it is a text, is noted beside the delivery: what a person should know although it is done.

A keyed effect is in the ledger: it takes place once. ``proof`` is a plan of reads that returns the
recorded result when the effect is seen to have taken place, else ``None``; without a proof
``on_unknown`` decides (``repeat``: better twice than never; ``park``: a person decides). ``judge`` reads the
raw result: what it returns is recorded and handed back, what it raises makes the effect a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connector.domain.events import Event
from connector.domain.letters import Heading
from connector.domain.values import Author, File, StoredFile


@dataclass(frozen=True, kw_only=True)
class Keyed:
    """Base of effects that may be in the ledger."""

    key: str = ""
    proof: Callable[[], Plan] | None = None
    judge: Callable[[Any], Any] | None = None
    on_unknown: Literal["repeat", "park"] = "repeat"


@dataclass(frozen=True)
class Call(Keyed):
    """One Bitrix24 REST call, to the delivery's own portal.

    ``joins`` names a list among ``params``. With it the call may share one request with the calls that follow it in
    its lane: their lists become one, and each gets its own rows of the answer. Only a handler's last outward call may
    say so, because what follows it may leave together with it. ``patient``: it tells of the past, so all talk goes
    before it. ``turn``: of several calls that name the same only one is under way. ``files`` go within ``fields``.
    """

    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
    joins: str = ""
    patient: bool = False
    turn: str = ""
    files: tuple[StoredFile, ...] = ()

    def enclosing(self, content: Callable[[StoredFile], str]) -> Mapping[str, Any]:
        """The parameters with the files, whose ``content`` is base64 (facts/bitrix24-telephony-crm.md §2.5)."""
        if not self.files:
            return self.params
        files = [{"fileData": [file.name, content(file)]} for file in self.files]
        return {**self.params, "fields": {**self.params["fields"], "FILES": files}}


@dataclass(frozen=True, kw_only=True)
class Send(Keyed):
    """A message to a client. ``text`` is BBCode, begun by the portal's signature of ``author`` where it puts one;
    ``reply_to`` is a provider message id or empty. With a ``heading`` it is a letter, whose text has no such beginning.
    """

    account: str
    conversation: str
    text: str = ""
    files: tuple[StoredFile, ...] = ()
    reply_to: str = ""
    author: Author = field(default_factory=Author)
    heading: Heading | None = None


@dataclass(frozen=True, kw_only=True)
class Edit(Keyed):
    """New text (BBCode) for messages sent earlier; the first id is the one that bears the text."""

    account: str
    conversation: str
    message_ids: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class Delete(Keyed):
    """Take messages back."""

    account: str
    conversation: str
    message_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Acknowledge(Keyed):
    """Tell the provider that a button press was noticed."""

    account: str
    conversation: str
    press_id: str


@dataclass(frozen=True, kw_only=True)
class Dial(Keyed):
    """Ring at ``extension`` and connect it with ``phone`` (E.164). ``call`` is the id that we would like it to have;
    ``line`` is the number of ours to call from, empty for the PBX's choice."""

    account: str
    extension: str
    phone: str
    call: str
    line: str = ""


@dataclass(frozen=True, kw_only=True)
class Attach(Keyed):
    """Give a stored file to the delivery's own portal in two steps: ``method`` answers where it is to be posted
    (facts/bitrix24-telephony-crm.md §1.5 mode C)."""

    method: str
    params: Mapping[str, Any]
    file: StoredFile


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """Bring a file here. ``origin`` is ``account:<name>`` or ``portal:<name>``: whose file it is.

    ``recording``: it is one of a PBX, which may not be ready yet; ``late`` are the seconds since it was told of.
    """

    file: File
    origin: str
    recording: bool = False
    late: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """Whether a letter of ours, known by its ``message_id``, has left: a read at the account, for a proof."""

    account: str
    message_id: str


@dataclass(frozen=True)
class Recall:
    """Read a link that an earlier handler remembered."""

    kind: str
    key: str


@dataclass(frozen=True)
class Remember:
    """Keep a link (``value`` is JSON); ``None`` forgets it."""

    kind: str
    key: str
    value: Any


@dataclass(frozen=True)
class Emit:
    """A further event for ``destination`` (``portal:<name>`` or ``account:<name>``), kept with this one's outcome.

    It is due ``after`` so many seconds.
    """

    event: Event
    destination: str
    after: float = 0.0


@dataclass(frozen=True)
class Adopt:
    """Check a sealed token pair with the authorization server and keep it for ``portal`` (platform §4.6)."""

    portal: str
    grant: str


@dataclass(frozen=True)
class Forget:
    """The application is gone from ``portal``: drop its tokens; with ``clean`` its links too (platform §4.8)."""

    portal: str
    clean: bool


Command = Send | Edit | Delete | Acknowledge
KeyedEffect = Call | Attach | Dial | Command
Effect = KeyedEffect | Fetch | Look | Recall | Remember | Emit | Adopt | Forget
Plan = Generator[Effect, Any, Any]
