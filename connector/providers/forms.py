"""Forms whose fields may be whole letters: their bytes stay as they came (facts/providers.md §4.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.message import Message
from io import BytesIO
from urllib.parse import unquote_to_bytes

from multipart import MultipartError, PushMultipartParser

from connector.domain.request import Request
from connector.errors import Refused
from connector.speech import Text

MAX_FIELDS = 500

_REASONS = {
    "content_type": Text(
        "Send the body as multipart/form-data or application/x-www-form-urlencoded.",
        "Отправляйте тело как multipart/form-data или application/x-www-form-urlencoded.",
    ),
    "form": Text("The form cannot be read: it is cut or broken.", "Форма не читается: она оборвана или повреждена."),
    "fields": Text(f"Send no more than {MAX_FIELDS} fields.", f"Передавайте не больше {MAX_FIELDS} полей."),
}


def fields(request: Request) -> Mapping[str, bytes]:
    """The fields by name as raw bytes, the last value of a repeated name; the same for each caller.

    Files (parts with a file name) are left out. Raises ``Refused``: 400, or 415 for another type.
    """
    return request.once(_fields)


def text(request: Request, name: str) -> str:
    """A short field as text, empty when there is none."""
    return fields(request).get(name, b"").decode("utf-8", "replace").strip()


def _fields(request: Request) -> dict[str, bytes]:
    head = Message()
    head["content-type"] = " ".join(request.header("content-type").split())
    kind, boundary = head.get_content_type(), head.get_boundary()
    if kind == "application/x-www-form-urlencoded":
        return dict(_encoded(request.body))
    if kind != "multipart/form-data" or not boundary:
        raise _refused("content_type", 415)
    try:
        return dict(_parts(request.body, boundary))
    except MultipartError:
        raise _refused("form") from None


def _encoded(body: bytes) -> Iterator[tuple[str, bytes]]:
    if body.count(b"&") >= MAX_FIELDS:
        raise _refused("fields")
    for pair in body.split(b"&"):
        name, _, value = pair.partition(b"=")
        yield _plain(name).decode("utf-8", "replace"), _plain(value)


def _plain(value: bytes) -> bytes:
    return unquote_to_bytes(value.replace(b"+", b" "))


def _parts(body: bytes, boundary: str) -> Iterator[tuple[str, bytes]]:
    # Names of files may be in any charset, and are not wanted.
    parser = PushMultipartParser(boundary, header_charset="latin-1", max_segment_count=MAX_FIELDS)
    name, value = "", BytesIO()
    for found in parser.parse_blocking(BytesIO(body).read):
        if found is None:
            if name:
                yield name, value.getvalue()
        elif isinstance(found, bytes):
            if name:
                value.write(found)
        else:
            name, value = ("" if found.filename is not None else found.name or ""), BytesIO()


def _refused(reason: str, status: int = 400) -> Refused:
    return Refused(f"body.{reason}", hint=_REASONS[reason], status=status)
