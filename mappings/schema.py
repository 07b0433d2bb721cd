"""The JSON Schema of a mapping file's documents, made from their models; editors complete and check by it."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from mappings.model import ConfigDocument, RuleDocument
from mappings.process_model import ProcessDocument


def json_schema() -> dict[str, Any]:
    """The schema (2020-12): a document with ``on`` is a rule, one with ``process`` a process, others settings."""
    models = RuleDocument, ConfigDocument, ProcessDocument
    _, made = models_json_schema([(model, "validation") for model in models], ref_template="#/$defs/{model}")
    definitions = {name: _tidy(definition) for name, definition in sorted(made["$defs"].items())}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mapping of the Bitrix24 connector",
        "description": "A rule (with on:), a smart process (with process:), or settings of the whole set.",
        "type": "object",
        "properties": {"on": {"$ref": "#/$defs/RuleDocument/properties/on"}},
        "if": {"required": ["on"]},
        "then": {"$ref": "#/$defs/RuleDocument"},
        "else": {
            "if": {"required": ["process"]},
            "then": {"$ref": "#/$defs/ProcessDocument"},
            "else": {"$ref": "#/$defs/ConfigDocument"},
        },
        "$defs": definitions,
    }


def _tidy(schema: Any, *, named: bool = False) -> Any:
    """Without the titles that only repeat a key, and without ``null``, which is never written: a key is left out.

    ``named`` is for mappings whose keys are names of properties.
    """
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if named:
        return {name: _tidy(item) for name, item in schema.items()}
    tidy = {key: _tidy(item, named=key == "properties") for key, item in schema.items() if key != "title"}
    branches = [branch for branch in tidy.get("anyOf", ()) if branch != {"type": "null"}]
    if len(branches) == 1 and None not in tidy.get("examples", ()):
        del tidy["anyOf"]
        tidy = {**branches[0], **tidy}
    if tidy.get("default", ...) in (None, "", [], {}):
        del tidy["default"]
    return tidy
