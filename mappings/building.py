"""Makes a rule of what fits its model: expressions compiled, and what only this one document can tell looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mappings.carding import card
from mappings.desk import Desk
from mappings.documents import Document
from mappings.expressions import Context
from mappings.faults import nearest
from mappings.keys import misplaced
from mappings.making import makings
from mappings.naming import Kinds, is_kind, roots, unknown_kind
from mappings.nodes import Path
from mappings.rules import Answer, Config, Part, Points, Rule, Tag
from mappings.tidying import UnfitError, tags
from mappings.wanting import wishes

_SINGLE = ("line", "category", "priority", "owner", "signature")


@dataclass(frozen=True, kw_only=True)
class Built:
    """A rule, what it is made of, and the desk with its document, its faults and the facts it reads."""

    rule: Rule
    given: Mapping[str, Any]
    desk: Desk

    @property
    def document(self) -> Document:
        """Where it is written."""
        return self.desk.document


def build(
    document: Document,
    given: Mapping[str, Any],
    *,
    config: Config,
    context: Callable[[frozenset[str]], Context],
    kinds: Kinds,
    types: Mapping[str, int] = MappingProxyType({}),
) -> Built:
    """The rule in ``given`` (keys may be missing). ``context`` makes the context of expressions that may begin with
    the names it is given, ``types`` are the set's own smart processes. The faults are on the desk.
    """
    on = tuple(dict.fromkeys(_listed(given.get("on"))))
    known = tuple(kind for kind in on if is_kind(kind, kinds))
    desk = Desk(document=document, context=context(roots(known)), kinds=kinds, on=known, types=types)
    for index, kind in enumerate(_listed(given.get("on"))):
        if kind not in known:
            desk.wrong(("on", index) if isinstance(given["on"], list) else ("on",), *unknown_kind(kind, kinds))
    name = given.get("name") or default_name(document)
    rule = Rule(
        name=name,
        file=document.file,
        at=document.mark(())[0],
        kinds=known,
        about=given.get("about", ""),
        when=desk.condition(("when",), given["when"]) if "when" in given else None,
        stop=given.get("stop", False),
        facts=_facts(desk, given.get("set", {})),
        tags=tuple(_tags(desk, given.get("tags", []))),
        score=tuple(_score(desk, given.get("score", {}))),
        wishes=tuple(wishes(desk, given.get("crm", {}))),
        makings=tuple(makings(desk, name, given, config)),
        workgroups=tuple(_workgroups(desk, given.get("workgroup", []))),
        chat=desk.condition(("chat",), given["chat"]) if "chat" in given else None,
        acknowledge=_answer(desk, given["acknowledge"]) if "acknowledge" in given else None,
        card=card(desk, given["card"]) if "card" in given else None,
        **{key: desk.part((key,), given[key]) for key in _SINGLE if key in given},
    )
    for key, said, mend in misplaced(given, known):
        desk.wrong((key,), said, mend, key=True)
    _check_category(desk, rule.category, config)
    return Built(rule=rule, given=given, desk=desk)


def default_name(document: Document) -> str:
    """The file's name without folder and ending; later documents get their number."""
    stem = document.file.rpartition("/")[2].rpartition(".")[0]
    return stem if document.number == 1 else f"{stem}.{document.number}"


def _listed(value: Any) -> list[Any]:
    return [item for item in (value if isinstance(value, list) else [value]) if item is not None]


def _facts(desk: Desk, given: Mapping[str, Any]) -> dict[str, Part]:
    for name in given:
        if not name.isidentifier() or name.startswith("_"):
            said = f"{name[:40]} cannot be the name of a fact", f"{name[:40]} не годится как имя факта"
            mend = "Use letters, digits and _, a letter first", "Используйте буквы, цифры и _, сначала букву"
            desk.wrong(("set", name), said, mend, key=True)
    return {name: desk.part(("set", name), value) for name, value in given.items()}


def _tags(desk: Desk, given: list[Any]) -> Iterator[Tag]:
    for index, tag in enumerate(given):
        path: Path = ("tags", index)
        if isinstance(tag, str):
            yield Tag(add=_tag(desk, path, tag))
        elif isinstance(tag, dict) and "add" in tag:
            yield Tag(add=_tag(desk, (*path, "add"), tag["add"]), when=_when(desk, path, tag))


def _tag(desk: Desk, path: Path, text: str) -> Part:
    part = desk.part(path, text)
    try:
        if part.literal and part.value is not None:
            list(tags(part.value))
    except UnfitError as error:
        desk.wrong(path, error.said, error.mend)
    return part


def _score(desk: Desk, given: Mapping[str, Any]) -> Iterator[Points]:
    for name, points in given.items():
        path: Path = ("score", name)
        if not isinstance(points, dict):
            yield Points(name=name, add=desk.part(path, points))
        elif "add" in points:
            yield Points(name=name, add=desk.part((*path, "add"), points["add"]), when=_when(desk, path, points))


def _answer(desk: Desk, given: Any) -> Answer | None:
    path: Path = ("acknowledge",)
    if not isinstance(given, dict):
        return Answer(text=desk.part(path, given))
    if "text" not in given:
        return None
    subject = desk.part((*path, "subject"), given["subject"]) if "subject" in given else None
    return Answer(text=desk.part((*path, "text"), given["text"]), subject=subject)


def _when(desk: Desk, path: Path, given: Mapping[str, Any]) -> Part | None:
    return desk.condition((*path, "when"), given["when"]) if "when" in given else None


def _workgroups(desk: Desk, given: Any) -> Iterator[Part]:
    if not isinstance(given, list):
        yield desk.part(("workgroup",), given)
        return
    yield from (desk.part(("workgroup", index), group) for index, group in enumerate(given) if group is not None)


def _check_category(desk: Desk, part: Part | None, config: Config) -> None:
    if part is not None and part.literal and part.value is not None and part.value not in config.categories:
        said = f"Unknown category {part.value[:40]}", f"Неизвестная категория {part.value[:40]}"
        mend = nearest(part.value, config.categories)
        if not config.categories:
            mend = "Describe it under categories: in _settings.yaml", "Опишите её в categories: файла _settings.yaml"
        desk.wrong(("category",), said, mend)
