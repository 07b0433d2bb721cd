"""Carries effects out: the only place where a handler's wish meets the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from connector.domain.effects import (
    Acknowledge,
    Adopt,
    Attach,
    Call,
    Delete,
    Dial,
    Edit,
    Effect,
    Fetch,
    Forget,
    Keyed,
    Look,
    Send,
)
from connector.domain.ports import Chats
from connector.domain.provider import Channel, Outgoing, Upload
from connector.domain.values import Receipt, StoredFile
from connector.errors import PermanentError
from connector.speech import Text

NO_ACCOUNT = Text(
    "Account {name} is no longer in connector.yaml. Put it back and replay, or discard.",
    "Аккаунта {name} больше нет в connector.yaml. Верните его и повторите доставку, либо отбросьте её.",
)
NO_PORTAL = Text(
    "Portal {name} is no longer in connector.yaml. Put it back and replay, or discard.",
    "Портала {name} больше нет в connector.yaml. Верните его и повторите доставку, либо отбросьте её.",
)
NO_CHANNEL = Text(
    "Provider {name} cannot send messages. Discard this delivery.",
    "Провайдер {name} не умеет отправлять сообщения. Отбросьте эту доставку.",
)
NO_DIALLING = Text(
    "{name} cannot place calls for us. Choose the line of another PBX in Bitrix24's telephony settings.",
    "{name} не умеет звонить по нашей просьбе. Выберите в настройках телефонии Битрикс24 линию другой АТС.",
)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What effects can reach: portals and accounts by name, the files, and the conversations that are kept here."""

    portals: Mapping[str, Any]
    accounts: Mapping[str, Any]
    fetch: Callable[[Fetch], StoredFile]
    read: Callable[[str], bytes]
    chats: Chats | None = None


def perform(effect: Effect, destination: str, reach: Reach) -> Any:
    """Carry out an ``effect`` that is not a ``Call`` for the delivery to ``destination``; its result, not judged yet.

    Raises ``TransientError``, ``PermanentError`` or ``Stopped``.
    """
    return _PERFORM[type(effect)](effect, destination, reach)


def judged(effect: Effect, result: Any) -> Any:
    """What the effect makes of its raw result; it may raise."""
    return effect.judge(result) if isinstance(effect, Keyed) and effect.judge else result


def portal_of(destination: str, reach: Reach) -> Any:
    """The portal that ``destination`` names. Raises ``PermanentError`` when it is no longer in the settings."""
    name = destination.partition(":")[2]
    portal = reach.portals.get(name)
    if portal is None:
        raise PermanentError("portal.gone", hint=NO_PORTAL.with_(name=name))
    return portal


def name_of(effect: Effect) -> str:
    """How the trace calls the effect."""
    return effect.method if isinstance(effect, Call | Attach) else type(effect).__name__.lower()


def to_record(effect: Effect, result: Any) -> Any:
    """A result as JSON for the ledger; :func:`from_record` reads it back."""
    return asdict(result) if isinstance(result, Receipt) else result


def from_record(effect: Effect, recorded: Any) -> Any:
    """The result that :func:`to_record` kept."""
    if not isinstance(effect, Send | Edit | Delete | Dial):
        return recorded
    notes = tuple((note[0], note[1]) for note in recorded.get("notes", ()))
    return Receipt(ids=tuple(recorded.get("ids", ())), notes=notes)


def _account(effect: Any, reach: Reach) -> Any:
    account = reach.accounts.get(effect.account)
    if account is None:
        raise PermanentError("account.gone", hint=NO_ACCOUNT.with_(name=effect.account))
    return account


def _dial(effect: Dial, destination: str, reach: Reach) -> Any:
    account = _account(effect, reach)
    telephony = account.provider.telephony
    if telephony is None or telephony.dial is None:
        raise PermanentError("provider.no_dialling", hint=NO_DIALLING.with_(name=account.name))
    return telephony.dial(Outgoing(command=effect, idempotency_key=effect.key), account.settings, account.http)


def _attach(effect: Attach, destination: str, reach: Reach) -> Any:
    file = effect.file
    return portal_of(destination, reach).upload(
        effect.method, effect.params, file.name, file.mime, reach.read(file.key)
    )


def _command(effect: Any, destination: str, reach: Reach) -> Any:
    account = _account(effect, reach)
    channel: Channel | None = account.provider.channel
    if channel is None:
        raise PermanentError("provider.no_channel", hint=NO_CHANNEL.with_(name=account.provider.slug))
    uploads = tuple(_upload(file, reach) for file in getattr(effect, "files", ()))
    outgoing = Outgoing(command=effect, uploads=uploads, idempotency_key=effect.key)
    way = reach.chats if channel.through == "chats" else account.http
    return channel.send(outgoing, account.settings, way)


def _upload(file: StoredFile, reach: Reach) -> Upload:
    return Upload(
        name=file.name,
        mime=file.mime,
        kind=file.kind,
        size=file.size,
        url=file.url,
        read=lambda: reach.read(file.key),
    )


def _look(effect: Look, destination: str, reach: Reach) -> bool:
    account = _account(effect, reach)
    channel: Channel | None = account.provider.channel
    if channel is None or channel.look is None:
        return False
    return channel.look(effect.message_id, account.settings, account.http)


def _fetch(effect: Fetch, destination: str, reach: Reach) -> StoredFile:
    return reach.fetch(effect)


def _adopt(effect: Adopt, destination: str, reach: Reach) -> None:
    reach.portals[effect.portal].adopt_sealed(effect.grant)


def _forget(effect: Forget, destination: str, reach: Reach) -> None:
    reach.portals[effect.portal].forget(effect.clean)


_PERFORM: Mapping[type, Callable[[Any, str, Reach], Any]] = {
    Send: _command,
    Edit: _command,
    Delete: _command,
    Acknowledge: _command,
    Dial: _dial,
    Attach: _attach,
    Fetch: _fetch,
    Look: _look,
    Adopt: _adopt,
    Forget: _forget,
}
