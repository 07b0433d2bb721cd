from __future__ import annotations

import ast
from pathlib import Path

FILE_LINES = 300
FUNCTION_LINES = 45
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc"}


def test_no_file_is_longer_than_a_reader_can_hold(code: list[Path], root: Path):
    long = {str(file.relative_to(root)): count for file in code if (count := _lines(file)) > FILE_LINES}
    assert not long


def test_no_function_is_longer_than_a_screen(product: list[Path], root: Path):
    long = [
        f"{file.relative_to(root)}:{node.lineno} {node.name} ({_length(node)})"
        for file in product
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > FUNCTION_LINES
    ]
    assert not long


def test_rooms_are_named_after_what_they_do(code: list[Path], root: Path):
    vague = [
        str(file.relative_to(root))
        for file in code
        if BANNED_NAMES & {part.removesuffix(".py").lower() for part in file.relative_to(root).parts}
    ]
    assert not vague


def _lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1
