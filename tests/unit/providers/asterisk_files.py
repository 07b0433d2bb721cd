"""The recorded dialogues of Asterisk and what they mean.

``python -m tests.unit.providers.asterisk_files`` writes those that scenes make anew; read the difference before it is
committed. Files that begin with ``manual__`` are written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connector.domain.events import Event, dump
from connector.domain.request import Request
from connector.providers.asterisk import inbound
from connector.providers.asterisk.live import Live
from connector.providers.asterisk.settings import AsteriskSettings
from connector.providers.asterisk.standin import SCENES, Board, Dialogue, Frame, Wish, frames_of, written
from connector.providers.asterisk.wire import Block, packed

FOLDER = Path(__file__).parents[3] / "connector" / "providers" / "asterisk" / "fixtures"
RECEIVED = datetime(2026, 2, 2, 12, 0, tzinfo=UTC)
WISHES = {"click_answered": Wish(call="b24-7c1d", recorded=True), "twice": Wish(name="Иван Петров")}


def account(**more: Any) -> AsteriskSettings:
    """The account for which they were recorded."""
    raw = json.loads((FOLDER / "account.json").read_text(encoding="utf-8"))
    return AsteriskSettings.model_validate(raw | more)


def scene(name: str, wish: Wish | None = None, *, noise: bool = True) -> Dialogue:
    """A scene on a board of its own."""
    return SCENES[name](Board(noise=noise), wish or WISHES.get(name) or Wish(name="Иван Петров", recorded=True))


def heard(frames: Iterable[Frame], settings: AsteriskSettings) -> Iterator[tuple[bytes, datetime]]:
    """The frames as a listener that was there all the time keeps them, and when."""
    live = Live(settings)
    for frame in frames:
        raw = frame.text.encode().rstrip()
        more = live.note(Block.read(raw))
        if inbound.wanted(Block.read(raw), settings):
            body = raw + b"".join(b"\r\n" + packed([pair]).rstrip() for pair in more)
            yield body, RECEIVED + timedelta(seconds=frame.at)


def told(body: bytes, settings: AsteriskSettings, *, at: datetime = RECEIVED) -> list[Event]:
    """What one kept frame means."""
    request = Request(method="STREAM", path="/listen/office", headers={}, body=body, received_at=at)
    return inbound.parse(request, settings)


def events(frames: Iterable[Frame], settings: AsteriskSettings) -> list[Any]:
    """What all of them mean, without what means nothing."""
    kept = (told(body, settings, at=at) for body, at in heard(frames, settings))
    return [event for some in kept for event in some if event.kind != "ignored"]


def plain(some: Sequence[Event]) -> list[dict[str, Any]]:
    """Events without what is empty."""
    return [
        {name: value for name, value in json.loads(dump(event)).items() if value not in ("", None)} for event in some
    ]


def files() -> list[Path]:
    """All recorded dialogues."""
    return sorted(FOLDER.glob("*.ami"))


def main() -> None:
    """Write the dialogues of the scenes, and the meaning of all."""
    for name in SCENES:
        about = (SCENES[name].__doc__ or "An outgoing call in vain.").strip().splitlines()[0]
        (FOLDER / f"{name}.ami").write_text(written(scene(name).frames, about), encoding="utf-8")
    for path in files():
        meaning = plain(events(frames_of(path.read_text(encoding="utf-8")), account()))
        text = json.dumps(meaning, ensure_ascii=False, indent=1)
        path.with_suffix(".events.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
