"""Values from the environment: ``NAME``, or the content of the file named by ``NAME_FILE``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connector.speech import Text

MAX_SECRET_BYTES = 64 * 1024


class MissingError(Exception):
    """The variable cannot be read; says what was expected and what to do."""

    def __init__(self, expected: Text, hint: Text) -> None:
        self.expected, self.hint = expected, hint
        super().__init__(expected.en)


def read(env: Mapping[str, str], name: str) -> str:
    """The value of ``name``. Raises :class:`MissingError` when it is absent, empty, unreadable or given twice."""
    value, file = env.get(name, ""), env.get(f"{name}_FILE", "")
    if value and file:
        raise MissingError(
            Text(f"either {name} or {name}_FILE", f"или {name}, или {name}_FILE"),
            Text("unset one of the two", "уберите одну из двух переменных"),
        )
    if file:
        return _content(name, file)
    if value:
        return value
    raise MissingError(
        Text(f"the environment variable {name} with a value", f"переменная окружения {name} со значением"),
        Text(
            f"set {name}, or {name}_FILE with the path of a file that holds it",
            f"задайте {name} или {name}_FILE с путём к файлу, где лежит значение",
        ),
    )


def optional(env: Mapping[str, str], name: str, default: str = "") -> str:
    """The value of ``name`` or ``default`` when neither form is set. Raises :class:`MissingError` like :func:`read`."""
    return read(env, name) if env.get(name) or env.get(f"{name}_FILE") else default


def _content(name: str, file: str) -> str:
    expected = Text(f"a readable file in {name}_FILE", f"файл из {name}_FILE, который можно прочесть")
    try:
        with Path(file).open("rb") as stream:
            content = stream.read(MAX_SECRET_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        hint = Text(f"look at the path and its rights: {why}", f"проверьте путь и права: {why}")
        raise MissingError(expected, hint) from None
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        text = ""
    if not text or len(content) > MAX_SECRET_BYTES:
        raise MissingError(
            expected, Text("the file must hold the value as text", "в файле должно лежать значение текстом")
        )
    return text
