"""What of the settings and the rules needs a permission of its own in a portal."""

from __future__ import annotations

from collections.abc import Iterator

from connector.domain.access import AccessSettings
from connector.domain.sources import SourceSettings
from connector.domain.tagging import TaggingSettings
from connector.handlers.fields import name_of
from connector.portal.scopes import Use
from connector.repair import House
from mappings.engine import MappingSet
from mappings.rules import Rule, Wanted

_TARGETS: tuple[Use, ...] = ("department", "team", "workgroup", "queue", "field")


def uses_of(house: House, portal: str) -> frozenset[Use]:
    """What sources of ``portal``, and the rules for them and for its accounts, do with it besides reading the CRM."""
    all_sources = (each for each in house.settings.sources.values() if isinstance(each, SourceSettings))
    sources = [source for source in all_sources if source.portal == portal]
    events = any(account.portal == portal for account in house.accounts.values())
    records = {f"record.{source.rules}" for source in sources}
    mappings, found = house.rulebook.current(), set[Use]()
    for source in sources:
        found |= {*_of_access(source.access), *_of_tags(source.tags)}
    for rule in mappings.rules:
        if any(kind.removesuffix(".gone") in records if _of_source(kind) else events for kind in rule.kinds):
            found |= set(_of_rule(rule, mappings))
    return frozenset(found)


def _of_source(kind: str) -> bool:
    return kind.startswith("record.")


def _of_access(access: AccessSettings | None) -> Iterator[Use]:
    if access is None:
        return
    yield "people"
    for target in (*access.targets, *access.allow, *access.deny):
        yield from (use for use in _TARGETS if getattr(target, use))


def _of_tags(tags: TaggingSettings | None) -> Iterator[Use]:
    if tags is None:
        return
    if tags.task:
        yield "task"
    if tags.workgroup:
        yield "workgroup"
    if tags.find and tags.find.entity == "item":
        yield "process"


def _of_rule(rule: Rule, mappings: MappingSet) -> Iterator[Use]:
    kinds = {making.kind for making in rule.makings}
    if "task" in kinds:
        yield "task"
    if "notify" in kinds:
        yield "notify"
    if rule.workgroups:
        yield "workgroup"
    if any(_shapes(wish, rule, mappings) for wish in rule.wishes if wish.entity == "item"):
        yield "process"


def _shapes(wish: Wanted, rule: Rule, mappings: MappingSet) -> bool:
    """Whether fields of the smart process are looked up or made: it is described, has tags, or own fields written."""
    described = any(process.type_id == wish.type_id for process in mappings.processes.values())
    tagged = bool(rule.tags) and str(wish.type_id) in mappings.config.tag_fields
    return described or tagged or any(name_of(name).startswith("UF_") for name in (*wish.set, *wish.fill))
