"""``batch``: up to 50 commands in one request, with the oddities of the original (facts/bitrix24-platform.md §3.4)."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from connector.sandbox.answers import ApiError, Params, is_empty, php_array, whole
from connector.sandbox.forms import parse_query
from connector.sandbox.methods import Call
from connector.sandbox.perform import Done, log_call, perform, spoil

MAX_COMMANDS = 50
RESERVED = ("auth", "access_token", "auth_connector", "start", "state", "token", "aplogin", "ap")
FORBIDDEN = frozenset({"batch", "download", "upload"})
SECTIONS: Mapping[str, str] = {
    "result": "result",
    "error": "result_error",
    "total": "result_total",
    "next": "result_next",
    "time": "result_time",
}
_REFERENCE = re.compile(r"\$(result|error|total|next|time)(\S*\[[^\]]+\]\S*)")
_STEP = re.compile(r"\[([^\]]+)\]")

Sections = dict[str, dict[str, Any]]


def run_batch(call: Call, params: Params) -> dict[str, Any]:
    """Run the commands in the order sent; the five sections, each reshaped as PHP would encode it.

    A command that is no text vanishes without a trace; past the 50th each gets ``ERROR_BATCH_LENGTH_EXCEEDED``.
    ``halt`` has PHP's truth: the text "false" is true.
    """
    halt = not is_empty(params.get("halt"))
    sections: Sections = {name: {} for name in SECTIONS.values()}
    for count, (key, command) in enumerate(_commands(params.get("cmd"))):
        if count >= MAX_COMMANDS:
            error = ApiError("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
            sections["result_error"][key] = error.body()
        elif isinstance(command, str):
            _run_command(call, key, command, sections)
        if halt and key in sections["result_error"]:
            break
    return {name: php_array(section) for name, section in sections.items()}


def _commands(cmd: Any) -> list[tuple[str, Any]]:
    if isinstance(cmd, list):
        return [(str(index), command) for index, command in enumerate(cmd)]
    if isinstance(cmd, Mapping):
        return [(str(key), command) for key, command in cmd.items()]
    return []


def _run_command(call: Call, key: str, command: str, sections: Sections) -> None:
    began = time.perf_counter()
    # parse_url(): a raw "#" cuts the parameters.
    parts = urlsplit(command)
    name = parts.path.lower()
    try:
        params = {name: resolve(value, sections) for name, value in parse_query(parts.query).items()}
        done = _execute(call, name, params)
    except ApiError as error:
        sections["result_error"][key] = error.body()
        log_call(call.portal, name, began, error.status, error.code, in_batch=True)
        return
    sections["result"][key] = done.result
    sections["result_time"][key] = done.time
    if done.total is not None:
        sections["result_total"][key] = done.total
    if done.next is not None:
        sections["result_next"][key] = done.next
    log_call(call.portal, name, began, 200, "", in_batch=True)


def _execute(call: Call, name: str, params: Params) -> Done:
    if name in FORBIDDEN:
        raise ApiError("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
    afterwards = spoil(call.portal, name, in_batch=True)
    inner = replace(call, start=whole(params.get("start")))
    done = perform(inner, name, {key: value for key, value in params.items() if key not in RESERVED}, in_batch=True)
    afterwards()
    return done


def resolve(value: Any, sections: Sections) -> Any:
    """``value`` with its ``$result[key][field]`` references replaced.

    A value that is one reference becomes what it points at, arrays too; inside a longer text only texts and numbers
    are put in. A path that cannot be followed to its end yields the deepest part reached. User text is rewritten too.
    """
    if isinstance(value, Mapping):
        return {key: resolve(item, sections) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, sections) for item in value]
    if not isinstance(value, str) or "$" not in value:
        return value
    alone = _REFERENCE.fullmatch(value)
    if alone:
        return _follow(alone, sections)
    return _REFERENCE.sub(lambda match: _inside(match, sections), value)


def _inside(match: re.Match[str], sections: Sections) -> str:
    found = _follow(match, sections)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return match[0]
    return str(found)


def _follow(match: re.Match[str], sections: Sections) -> Any:
    node: Any = sections[SECTIONS[match[1]]]
    for step in _STEP.findall(match[2]):
        if isinstance(node, Mapping) and node.get(step) is not None:
            node = node[step]
        elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            break
    return copy.deepcopy(node)
