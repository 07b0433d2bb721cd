"""What an application compiles when it starts is compiled once in a run, not for each application that a test makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


class Templates(BytecodeCache):
    """Pages, in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


class Route(Rule):
    """A route whose builder of addresses is that of all routes like it."""

    _kept: ClassVar[dict[tuple[str, str, bool], Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        like = repr(self._trace), repr(self.defaults), append_unknown
        if like not in self._kept:
            self._kept[like] = super()._compile_builder(append_unknown)
        return self._kept[like]


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}
Flask.url_rule_class = Route
