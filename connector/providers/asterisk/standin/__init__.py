"""A pretend Asterisk: a real TCP server that speaks the manager's protocol, by a script (facts/providers.md §3.1).

For tests, the demo and the bench::

    board = Board()
    with AmiServer() as ami:
        settings = ami.settings()  # of an account that leads here; a listener connects
        ami.wait_for_listeners()
        dialogue = SCENES["answered"](board, Wish(client="79161234567", talk=65))
        ami.play(dialogue.frames)  # and dialogue.meant tells what must be known of it in the end
"""

from __future__ import annotations

from connector.providers.asterisk.standin.acting import Wish
from connector.providers.asterisk.standin.manners import Manners, Originating
from connector.providers.asterisk.standin.recorded import frames_of, written
from connector.providers.asterisk.standin.scenes import SCENES
from connector.providers.asterisk.standin.script import Board, Dialogue, Frame, Meant, Stage, interleaved
from connector.providers.asterisk.standin.server import AmiServer

__all__ = [
    "SCENES",
    "AmiServer",
    "Board",
    "Dialogue",
    "Frame",
    "Manners",
    "Meant",
    "Originating",
    "Stage",
    "Wish",
    "frames_of",
    "interleaved",
    "written",
]
