"""Files in, a mapping set out: everything is read, checked and compiled, and all that is wrong is told at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from mappings.building import Built, build
from mappings.configuring import configure
from mappings.consistency import inconsistent, twice_named
from mappings.documents import MAX_BYTES, decoded, read
from mappings.engine import MappingSet
from mappings.expressions import Context
from mappings.faults import BrokenError, Fault
from mappings.naming import Kinds, Shape
from mappings.ordering import Held, replaced, taken, with_includes
from mappings.processes import processes
from mappings.validation import is_process, is_rule, validate

__all__ = ["Kinds", "Shape", "load", "version"]


def load(files: Mapping[str, str | bytes], kinds: Kinds) -> MappingSet:
    """The set of ``files``: name → content, packaged ones as ``defaults/<name>``, CSV tables beside them.

    ``kinds`` are the events that rules can be written for, with the shape of each; kinds ``record.<source>`` are known
    besides. Raises ``BrokenError`` with all that is wrong.
    """
    names = taken(files)
    held, faults = _held(names, files)
    order, wrong_includes = with_includes(names, held)
    documents = [each for name in order for each in held[name]]
    settings = [each for each in documents if not is_rule(each[0].value) and not is_process(each[0].value)]
    known = processes(each for each in documents if is_process(each[0].value) and not replaced(each[0].file, names))
    config, tables, wrong_settings = configure(settings, files)
    context = Context(country=config.country, zone=config.zone, tables=config.tables)
    rules = [
        build(document, given, config=config, context=partial(_narrowed, context), kinds=kinds, types=known.types)
        for document, given in documents
        if is_rule(document.value) and not replaced(document.file, names)
    ]
    standing = _standing(rules)
    faults += [*wrong_includes, *wrong_settings, *known.faults]
    faults += [fault for built in rules for fault in built.desk.faults]
    faults += [*twice_named(rules), *inconsistent(standing)]
    if faults:
        raise BrokenError(faults)
    parts = {*tables, *(document.file for document, _ in settings), *(built.document.file for built in rules)}
    parts |= {document.file for document, _ in documents if is_process(document.value)}
    contents = {name: _plain(name, files[name]) for name in sorted(parts)}
    return MappingSet(
        version=version(contents),
        config=config,
        files=contents,
        rules=[built.rule for built in standing],
        processes=known.known,
    )


def version(contents: Mapping[str, str]) -> str:
    """Twelve hexadecimal digits that are the same wherever the same names have the same contents."""
    sha = hashlib.sha256()
    for name in sorted(contents):
        for text in (name, contents[name]):
            encoded = text.encode()
            sha.update(len(encoded).to_bytes(8, "big") + encoded)
    return sha.hexdigest()[:12]


def _held(names: Iterable[str], files: Mapping[str, str | bytes]) -> tuple[dict[str, list[Held]], list[Fault]]:
    held: dict[str, list[Held]] = {}
    faults: list[Fault] = []
    for name in names:
        documents, wrong = read(name, files[name])
        faults += wrong
        held[name] = []
        for document in documents:
            given, wrong = validate(document)
            faults += wrong
            held[name].append((document, given))
    return held, faults


def _standing(rules: Iterable[Built]) -> list[Built]:
    """A later rule of the same name stands at the place of the earlier one."""
    standing: dict[str, Built] = {}
    for built in rules:
        standing[built.rule.name] = built
    return list(standing.values())


def _narrowed(context: Context, names: frozenset[str]) -> Context:
    return replace(context, names=names)


def _plain(name: str, content: str | bytes) -> str:
    return decoded(name, content, MAX_BYTES)[0]
