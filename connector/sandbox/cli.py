"""``connector sandbox``: serve a sandbox, and be its operator and its troublemaker from the command line.

Exit codes: 0 done, 1 something is wrong and said, 2 usage.
"""

from __future__ import annotations

import base64
import functools
import json
import mimetypes
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, NoReturn, ParamSpec

import click

from connector.sandbox.remote import Remote, RemoteError
from connector.sandbox.server import SandboxServer
from connector.sandbox.words import reason
from connector.sandbox.words import say as phrase

P = ParamSpec("P")
DEFAULT_URL = "http://127.0.0.1:8900"
FACTOR = click.FloatRange(min=0, min_open=True)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where a command speaks to and how it answers."""

    remote: Remote
    as_json: bool
    language: str

    def tell(self, data: Any, *lines: str) -> None:
        """Print the answer: JSON, or lines for a person."""
        click.echo(json.dumps(data, ensure_ascii=False, indent=2) if self.as_json else "\n".join(lines))

    def word(self, name: str, **values: object) -> str:
        """A phrase in the command's language."""
        return phrase(self.language, name, **values)


def _language() -> str:
    return os.environ.get("CONNECTOR_LANGUAGE") or os.environ.get("LANG") or "en"


def _fail(text: str, reason: str, as_json: bool) -> NoReturn:
    click.echo(json.dumps({"error": reason}) if as_json else text, err=not as_json)
    sys.exit(1)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """``--url``, ``--json`` and ``--lang``: understood before and after the command's name."""
    for option in (
        click.option("--url", default=None, help=f"The sandbox, else SANDBOX_URL or {DEFAULT_URL} / Песочница"),
        click.option("--json", "as_json", is_flag=True, help="Answer as JSON / Ответ в JSON"),
        click.option("--lang", "language", default=None, help="en | ru"),
    ):
        command = option(command)
    return command


def desk_command(command: Callable[Concatenate[Desk, P], None]) -> Callable[..., None]:
    """Give a command the shared options, and turn a refusal into exit code 1."""

    @_options
    @click.pass_obj
    @functools.wraps(command)
    def run(
        shared: Desk, /, url: str | None, as_json: bool, language: str | None, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        desk = Desk(
            remote=Remote(url) if url else shared.remote,
            as_json=as_json or shared.as_json,
            language=language or shared.language,
        )
        try:
            command(desk, *args, **kwargs)
        except RemoteError as error:
            why = reason(desk.language, error.code, error.reason)
            word = "refused" if error.code else "away"
            _fail(desk.word(word, reason=why, url=desk.remote.url), error.code or "away", desk.as_json)

    return run


@click.group(help="A Bitrix24 portal to play with / Портал Bitrix24 для проб")
@_options
@click.pass_context
def sandbox(context: click.Context, url: str | None, as_json: bool, language: str | None) -> None:
    """The command group."""
    remote = Remote(url or os.environ.get("SANDBOX_URL") or DEFAULT_URL)
    context.obj = Desk(remote=remote, as_json=as_json, language=language or _language())


@sandbox.command(help="Run a sandbox on loopback / Запустить песочницу")
@click.option("--port", default=8900, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback only / Только петля")
@click.option("--client-id", default="local.sandbox", show_default=True)
@click.option("--client-secret", envvar="SANDBOX_CLIENT_SECRET", default="sandbox-secret")
@click.option("--install-url", default="", help="The application's install page / Страница установки")
@click.option("--handler-url", default="", help="The application's main page / Главная страница")
@click.option("--burst", type=int, help="Requests at once, else the plan's; 0: no limit / Запас; 0: без лимита")
@click.option("--per-second", type=float)
@click.option("--operating-limit", type=float, help="Seconds; 0: no limit / 0: без лимита")
@click.option("--real-time", is_flag=True, help="Calls take their modelled seconds / Вызовы длятся как настоящие")
@click.option("--factor", type=FACTOR, default=1.0, show_default=True, help="Portal seconds per second / Ускорение")
@click.option("--family", "license_family", default="std", show_default=True, help="ent: 250 at once, 5 a second")
@click.option("--selfhosted", is_flag=True, help="A box of one's own, without limits / Коробка, без лимитов")
@click.option("--without", multiple=True, metavar="METHOD", help="Does not exist, such as crm.* / Такого метода нет")
@click.option("--token-ttl", default=3600.0, show_default=True)
@click.option("--seed", multiple=True, metavar="ENTITY=COUNT", help="CRM rows, such as contact=120 / Строки CRM")
@click.option("--lang", "spoken", default=None, help="en | ru")
@click.pass_obj
def serve(shared: Desk, /, port: int, host: str, spoken: str | None, seed: tuple[str, ...], **config: Any) -> None:
    """Run a sandbox until it is stopped."""
    language = spoken or shared.language
    rows = [item.partition("=") for item in seed]
    if not all(count.isdigit() for _, _, count in rows):
        raise click.BadParameter("ENTITY=COUNT", param_hint="--seed")
    ru = language.lower().startswith("ru")
    try:
        server = SandboxServer(port=port, host=host, language="ru" if ru else "en", **config)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--host") from error
    try:
        server.start()
    except OSError as error:
        _fail(phrase(language, "busy", port=port, reason=error.strerror), "port", False)
    for entity, _, count in rows:
        server.seed(entity, int(count))
    click.echo(phrase(language, "serving", url=server.url))
    click.echo(phrase(language, "desk", url=server.url))
    shown = {key: config[key] for key in ("client_id", "client_secret")}
    click.echo(phrase(language, "app", url=server.url, **shown))
    click.echo(phrase(language, "webhook", webhook=server.webhook_url()))
    try:
        server.join()
    except KeyboardInterrupt:
        server.stop()


@sandbox.command(help="List the chats / Список чатов")
@desk_command
def chats(desk: Desk) -> None:
    """One line per chat."""
    rows = desk.remote.read("chats")
    lines = []
    for row in rows:
        state = desk.word("open" if row["session"] and row["session"]["open"] else "closed")
        lines.append(f"{row['id']}  {row['name']}  [{state}, {row['messages']}]  {row['last'][:60]}")
    desk.tell(rows, *(lines or [desk.word("no_chats")]))


@sandbox.command(help="Show a chat with its messages / Показать чат с сообщениями")
@click.argument("chat")
@desk_command
def show(desk: Desk, chat: str) -> None:
    """The whole conversation."""
    row = desk.remote.read("chats", chat)
    desk.tell(row, f"{row['id']}  {row['name']}  {row['code']}", *(_message(desk, item) for item in row["messages"]))


def _message(desk: Desk, item: dict[str, Any]) -> str:
    marks = {
        "delivered": item["delivered"],
        "sending": item["sending"],
        "was_edited": item["edited"],
        "was_deleted": item["deleted"],
    }
    said = ", ".join(desk.word(name) for name, true in marks.items() if true)
    files = "".join(f" [{file['name']}, {file['size']}]" for file in item["files"])
    author = item["author_name"] or item["author"]
    return f"  {item['id']}  {author}: {item['text']}{files}" + (f"  ({said})" if said else "")


@sandbox.command(help="Write to the client as an operator / Написать клиенту от оператора")
@click.argument("chat")
@click.argument("text", default="")
@click.option("--operator", default=0, help="User id / Пользователь")
@click.option("--file", "paths", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--note", is_flag=True, help="The client does not get it / Клиент не получит")
@desk_command
def say(desk: Desk, chat: str, text: str, operator: int, paths: tuple[Path, ...], note: bool) -> None:
    """One message."""
    files = [
        {
            "name": path.name,
            "content": base64.b64encode(path.read_bytes()).decode(),
            "mime": mimetypes.guess_type(path.name)[0] or "",
        }
        for path in paths
    ]
    fields = {"chat": chat, "text": text, "operator": operator, "files": files, "note": note}
    row = desk.remote.write("say", fields)
    desk.tell(row, desk.word("sent", id=row["id"], chat=chat))


@sandbox.command(help="Rewrite an operator's message / Изменить сообщение оператора")
@click.argument("message", type=int)
@click.argument("text")
@desk_command
def edit(desk: Desk, message: int, text: str) -> None:
    """New text."""
    row = desk.remote.write("edit", {"message": message, "text": text})
    desk.tell(row, desk.word("edited", id=message))


@sandbox.command(help="Delete a message / Удалить сообщение")
@click.argument("message", type=int)
@desk_command
def delete(desk: Desk, message: int) -> None:
    """Gone."""
    row = desk.remote.write("delete", {"message": message})
    desk.tell(row, desk.word("deleted", id=message))


@sandbox.command(help="Close the dialog / Закрыть диалог")
@click.argument("chat")
@click.option("--operator", default=0)
@desk_command
def finish(desk: Desk, chat: str, operator: int) -> None:
    """The operator is done."""
    row = desk.remote.write("finish", {"chat": chat, "operator": operator})
    desk.tell(row, desk.word("finished", **row))


@sandbox.command(help="Hand the dialog over / Передать диалог")
@click.argument("chat")
@click.option("--operator", default=0)
@click.option("--line", default=0)
@desk_command
def transfer(desk: Desk, chat: str, operator: int, line: int) -> None:
    """To another operator or another line."""
    if bool(operator) == bool(line):
        raise click.UsageError("--operator | --line")
    row = desk.remote.write("transfer", {"chat": chat, "operator": operator, "line": line})
    desk.tell(row, desk.word("transferred", **row))


@sandbox.command(help="Install the application / Установить приложение")
@click.option("--app-url", default="", help="The install page or handler / Страница или обработчик установки")
@click.option("--mode", type=click.Choice(["page", "event"]), default="page", show_default=True)
@click.option("--finish", is_flag=True, help="Count it as finished / Считать завершённой")
@desk_command
def install(desk: Desk, app_url: str, mode: str, finish: bool) -> None:
    """As a browser (page) or as the portal itself (event)."""
    row = desk.remote.write("install", {"url": app_url, "mode": mode, "lang": desk.language[:2], "finish": finish})
    done = bool(row["installed"]) and row.get("delivered", True)
    desk.tell(row, desk.word("installed") if done else desk.word("unfinished", status=row.get("status", "")))
    if not done:
        sys.exit(1)


@sandbox.command(help="Remove the application / Удалить приложение")
@click.option("--clean", is_flag=True, help="With its data / Вместе с данными")
@desk_command
def uninstall(desk: Desk, clean: bool) -> None:
    """Tokens, handlers and connectors are gone."""
    desk.tell(desk.remote.write("uninstall", {"clean": clean}), desk.word("uninstalled"))


@sandbox.command(help="Script or list misbehaviour / Сбои по сценарию")
@click.argument("kind", required=False, type=click.Choice(["fail", "slow", "reset_before", "reset_after", "clear"]))
@click.option("--method", default="*", show_default=True, help="imconnector.*")
@click.option("--times", default=1, show_default=True, help="-1: until cleared / -1: до снятия")
@click.option("--status", default=500, show_default=True)
@click.option("--code", default="INTERNAL_SERVER_ERROR", show_default=True)
@click.option("--body", default=None, help="A literal answer, such as HTML / Дословный ответ")
@click.option("--seconds", default=0.0)
@desk_command
def faults(desk: Desk, /, kind: str | None, **fields: Any) -> None:
    """Without a kind: the rules in force."""
    if kind is None:
        rows = desk.remote.read("faults")
        desk.tell(rows, *([desk.word("fault_added", **row) for row in rows] or [desk.word("no_faults")]))
    elif kind == "clear":
        desk.tell(desk.remote.write("clear_faults", {}), desk.word("faults_cleared"))
    else:
        row = desk.remote.write("fault", {"kind": kind, **fields})
        desk.tell(row, desk.word("fault_added", **row))
