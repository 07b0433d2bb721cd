"""Letters as bytes, well made or broken on purpose; the standard library makes only good ones."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Sequence

Headers = Sequence[tuple[str, str | bytes]]


def word(text: str, charset: str = "utf-8", how: str = "b") -> str:
    """``text`` as an encoded word, in UTF-8 where ``charset`` has not all of it; ASCII stays."""
    if text.isascii():
        return text
    try:
        data = text.encode(charset)
    except UnicodeEncodeError:
        charset, data = "utf-8", text.encode()
    if how == "b":
        return f"=?{charset}?B?{base64.b64encode(data).decode()}?="
    return (
        f"=?{charset}?Q?{quopri.encodestring(data, header=True, quotetabs=True).decode().replace('=' + chr(10), '')}?="
    )


def encoded(data: bytes, encoding: str) -> bytes:
    """``data`` in a transfer encoding, lines ended by CRLF."""
    if encoding == "base64":
        return base64.encodebytes(data).replace(b"\n", b"\r\n")
    data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return quopri.encodestring(data) if encoding == "quoted-printable" else data


def part(
    mime: str,
    data: bytes,
    encoding: str = "base64",
    *,
    disposition: str = "",
    headers: Headers = (),
) -> bytes:
    """One part: headers, an empty line, content. ``mime`` and ``disposition`` with their parameters."""
    own: list[tuple[str, str | bytes]] = [("Content-Type", mime)]
    own += [("Content-Transfer-Encoding", encoding)] if encoding else []
    own += [("Content-Disposition", disposition)] if disposition else []
    return head([*own, *headers]) + b"\r\n" + encoded(data, encoding)


def written(text: str, charset: str = "utf-8", encoding: str = "base64", kind: str = "plain", more: str = "") -> bytes:
    """A part of text."""
    return part(f"text/{kind}; charset={charset}{more}", text.encode(charset, "xmlcharrefreplace"), encoding)


def multipart(subtype: str, parts: Sequence[bytes], boundary: str = "=_b0undary", more: str = "") -> bytes:
    """A container; two within each other want boundaries of their own."""
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\r\n" + each + b"\r\n" for each in parts)
    return (
        head([("Content-Type", f'multipart/{subtype}; boundary="{boundary}"{more}')])
        + b"\r\n"
        + body
        + mark
        + b"--\r\n"
    )


def head(headers: Headers) -> bytes:
    """Headers as they are given; bytes stay raw."""
    return b"".join(
        name.encode() + b": " + (value.encode() if isinstance(value, str) else value) + b"\r\n"
        for name, value in headers
    )


def letter(headers: Headers, content: bytes) -> bytes:
    """A whole letter: ``content`` is a part or a container, whose headers follow those given."""
    return head([*headers, ("MIME-Version", "1.0")]) + content
