"""Sounds as PBXs write them, and a place that keeps them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

WAV = b"RIFF" + struct.pack("<I", 36 + 320) + b"WAVEfmt " + b"\x10\0\0\0\x01\0\x01\0@\x1f\0\0\x80>\0\0\x02\0\x10\0data"
WAV += struct.pack("<I", 320) + b"\x01\x02" * 160
MP3 = b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\x64" + b"\0" * 400
NO_SOUND = WAV[:44]  # what is left when nobody spoke


@dataclass(frozen=True)
class Recordings:
    """What an account says of its recordings."""

    url: str
    password: SecretStr | None = None
    key: str = ""
    host_key: str = ""


def folder(path: Path) -> Recordings:
    return Recordings(url=path.as_uri())
