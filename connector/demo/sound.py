"""What the recordings of the demo sound like: a soft chime, again and again, as long as the talk was."""

from __future__ import annotations

import io
import math
import sys
import wave
from array import array

RATE = 8000  # samples a second, as telephones have
BEAT = 0.5  # seconds of one note
NOTES = (523.25, 659.25, 783.99, 659.25)  # Hz: C E G E
LOUDNESS = 0.2
LONGEST = 300.0  # seconds; a telephone that somebody forgot makes no giant


def wav(seconds: float) -> bytes:
    """A whole WAV file, mono, of that length."""
    tune = _tune()
    samples = int(min(max(seconds, 0.1), LONGEST) * RATE)
    sound = (tune * (samples // len(tune) + 1))[:samples]
    if sys.byteorder == "big":
        sound.byteswap()
    kept = io.BytesIO()
    with wave.open(kept, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(sound.itemsize)
        out.setframerate(RATE)
        out.writeframes(sound.tobytes())
    return kept.getvalue()


def length(content: bytes) -> float:
    """Seconds of a WAV file. Raises ``wave.Error`` or ``EOFError`` for what is none."""
    with wave.open(io.BytesIO(content)) as sound:
        return float(sound.getnframes() / sound.getframerate())


def _tune() -> array[int]:
    return array("h", (value for note in NOTES for value in _note(note)))


def _note(pitch: float) -> list[int]:
    """It fades away, so that nothing clicks where the next one begins."""
    many = int(BEAT * RATE)
    top = LOUDNESS * 32767
    return [
        round(top * math.sin(2 * math.pi * pitch * at / RATE) * math.sin(math.pi * at / many)) for at in range(many)
    ]
