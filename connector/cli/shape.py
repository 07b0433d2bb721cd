"""The shape of every command: ``--json``, ``--lang``, exit codes 0, 1, 2, and errors that say what to do."""

from __future__ import annotations

import os
from collections import UserDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from connector.cli.disk import trouble
from connector.cli.output import Output
from connector.cli.words import LANGUAGE, say
from connector.errors import ConnectorError, SettingsError
from connector.speech import Text

if TYPE_CHECKING:
    from connector.bootstrap import Connector

_NO_REDIS = Text("Redis does not answer: {why}", "Redis не отвечает: {why}")
_NO_REDIS_HINT = Text(
    "Start redis-server or correct REDIS_URL, then: connector check",
    "Запустите redis-server или исправьте REDIS_URL, затем: connector check",
)
_BUG = Text("Something unforeseen happened: {why}", "Случилось непредвиденное: {why}")
_BUG_HINT = Text(
    "Run it again with CONNECTOR_DEBUG=1 to see where, and report it",
    "Повторите с CONNECTOR_DEBUG=1, чтобы увидеть место, и сообщите нам",
)


def _wired() -> Connector:
    from connector.bootstrap import from_environment  # the whole house, which help needs not

    return from_environment()


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What commands work with; tests hand in their own."""

    connector: Callable[[], Connector] = _wired
    become: Callable[[list[str]], None] = lambda command: os.execvp(command[0], command)


def tools(ctx: click.Context) -> Tools:
    """The tools of this invocation."""
    found = ctx.find_object(Tools)
    return found if found is not None else Tools()


class Commands(UserDict[str, click.Command]):
    """Commands by name, each loaded from its module (of this package) when it is asked for: all take a second."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules
        super().__init__({name: click.Command(name) for name in modules})

    def __getitem__(self, name: str) -> click.Command:
        found: click.Command = getattr(import_module(f"connector.cli.{self._modules[name]}"), name)
        return found


class House(click.Group):
    """The top group: turns every error into one message with a hint and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In their order."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("CONNECTOR_DEBUG") == "1":
                raise
            _output(ctx).problem(*_told(error, _output(ctx)))
            ctx.exit(1)


def _told(error: Exception, out: Output) -> tuple[str, str, str]:
    """``(cause, message, hint)`` of any error."""
    import redis  # what errors are of is loaded when there is one

    from connector.settings.mistakes import SettingsMistakesError

    if isinstance(error, SettingsMistakesError):
        return "settings", error.say(out.language), ""
    if isinstance(error, SettingsError):
        return "settings", str(error), ""
    if isinstance(error, ConnectorError):
        message = f"{error.cause}: {error.detail}" if error.detail else error.cause
        return error.cause, message, error.hint.say(out.language)
    if isinstance(error, redis.RedisError):
        return "redis", out.words(_NO_REDIS, why=error), out.words(_NO_REDIS_HINT)
    disk = trouble(error)
    if disk is not None:
        return "disk", out.words(disk[0]), out.words(disk[1])
    return "unforeseen", out.words(_BUG, why=f"{type(error).__name__}: {error}"), out.words(_BUG_HINT)


def _output(ctx: click.Context) -> Output:
    found = ctx.meta.get("connector.output")
    return found if isinstance(found, Output) else Output(as_json=False, language=LANGUAGE)


def answering(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give the command ``--json`` and ``--lang``, and an :class:`Output` as its first argument."""

    @click.option("--json", "as_json", is_flag=True, help=say("answer with one JSON document", "ответить в JSON"))
    @click.option("--lang", type=click.Choice(["ru", "en"]), help=say("language of the answer", "язык ответа"))
    @click.pass_context
    @wraps(command)
    def wrapped(ctx: click.Context, /, *args: Any, as_json: bool, lang: str | None, **kwargs: Any) -> Any:
        out = Output(as_json=as_json, language=lang or LANGUAGE)
        ctx.meta["connector.output"] = out
        return command(out, *args, **kwargs)

    return wrapped


def finish(good: bool) -> None:
    """Leave with 0 when ``good``, else with 1."""
    if not good:
        click.get_current_context().exit(1)
