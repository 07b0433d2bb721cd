"""Which language the command line speaks: ``--lang``, else ``CONNECTOR_LANGUAGE``, else the locale."""

from __future__ import annotations

import gettext
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from connector.speech import Text, locale_language


def pick(arguments: Sequence[str], env: Mapping[str, str]) -> str:
    """``ru`` or ``en``."""
    for index, argument in enumerate(arguments):
        if argument == "--lang" and index + 1 < len(arguments):
            return _known(arguments[index + 1])
        if argument.startswith("--lang="):
            return _known(argument.partition("=")[2])
    wished = env.get("CONNECTOR_LANGUAGE", "").lower()
    return wished if wished in ("ru", "en") else locale_language(env)


def _known(language: str) -> str:
    return "ru" if language.lower() == "ru" else "en"


LANGUAGE = pick(sys.argv[1:], os.environ)


def say(en: str, ru: str) -> str:
    """A help text in the language of this process (help is made when the program starts)."""
    return Text(en, ru).say(LANGUAGE)


def teach_click() -> None:
    """Have the library of the command line speak the same language: its headings, its errors, its questions."""
    os.environ["LANGUAGE"] = LANGUAGE  # the only way to tell gettext; a process that is started here may know it too
    gettext.bindtextdomain("messages", str(Path(__file__).with_name("locale")))
