"""Reading a stranger's XML: no DTD, no entities, names without their namespaces (facts/providers.md §3.5)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from connector.domain.request import Request
from connector.errors import Refused
from connector.speech import Text

MAX_BYTES = 256 * 1024
_TYPES = frozenset({"application/xml", "text/xml"})

_REASONS = {
    "content_type": Text("Send the body as application/xml.", "Отправляйте тело как application/xml."),
    "size": Text("The event is larger than 256 KB.", "Событие больше 256 КБ; сократите его."),
    "xml": Text("The body must be XML without a DTD.", "Тело должно быть XML без DTD."),
}
_STATUS = {"content_type": 415, "size": 413}


def document(request: Request) -> Element:
    """The root of the body, the same for each caller. Raises ``Refused`` (400; 413 too large, 415 another type)."""
    return request.once(_document)


def _document(request: Request) -> Element:
    if request.header("content-type").partition(";")[0].strip().lower() not in _TYPES:
        raise _refused("content_type")
    if len(request.body) > MAX_BYTES:
        raise _refused("size")
    try:
        root: Element = fromstring(request.body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError):  # defusedxml's own are ValueErrors; an encoding that is none
        raise _refused("xml") from None
    return root


def name(element: Element) -> str:
    """The local name of an element."""
    return str(element.tag).rpartition("}")[2]


def kind(element: Element | None) -> str:
    """The local name in the attribute ``type``, whatever its prefix stands for: Beeline's examples differ in that."""
    attributes = {} if element is None else element.attrib
    told = next((value for key, value in attributes.items() if key.rpartition("}")[2] == "type"), "")
    return told.rpartition(":")[2]


def child(element: Element | None, *path: str) -> Element | None:
    """The first element at a path of local names."""
    for step in path:
        element = next((each for each in children(element) if name(each) == step), None)
    return element


def children(element: Element | None) -> Iterator[Element]:
    """The elements directly below."""
    yield from () if element is None else element


def text(element: Element | None, *path: str) -> str:
    """The text at a path, without blanks around it; empty when there is none."""
    found = child(element, *path)
    return "" if found is None else (found.text or "").strip()


def _refused(reason: str) -> Refused:
    return Refused(f"body.{reason}", hint=_REASONS[reason], status=_STATUS.get(reason, 400))
