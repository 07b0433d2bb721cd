"""What a portal gave no sight of, in one message for each reason: which permission or right is missing, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connector.portal import Portal
from connector.portal.scopes import scope_of
from connector.rulebook.folder import PACKAGED
from connector.rulebook.known import Unseen
from connector.rulebook.named import Spot
from connector.rulebook.wording import joined
from mappings.faults import Fault, Said

_SCOPE = "bitrix24.scope"
_RIGHT = "bitrix24.access_denied"
_METHODS: tuple[tuple[str, Said], ...] = (
    ("crm.item.fields", ("fields", "поля")),
    ("crm.category.list", ("pipelines", "воронки")),
    ("crm.status.list", ("stages and dictionaries", "стадии и справочники")),
    ("user.get", ("users", "сотрудники")),
    ("imopenlines.", ("open lines", "открытые линии")),
    ("sonet_group.", ("workgroups", "рабочие группы")),
    ("userfieldconfig.", ("options of lists", "варианты списков")),
    ("crm.", ("options of lists", "варианты списков")),
)
_RIGHTS: Mapping[str, Said] = {
    "crm": ("the rights of a CRM administrator", "права администратора CRM"),
    "userfieldconfig": ("the rights of a CRM administrator", "права администратора CRM"),
    "imopenlines": ("the right to see open lines", "право на просмотр открытых линий"),
}
_ADMINISTRATOR: Said = ("the rights of an administrator", "права администратора")


def unseen(hidden: Sequence[tuple[Spot, Unseen]], portal: Portal) -> Iterator[Fault]:
    """One fault for each reason, at the first place that it concerns."""
    reasons: dict[tuple[str, str], list[tuple[Spot, Unseen, Said]]] = {}
    for spot, one in hidden:
        scope, what = _about(one.method)
        reasons.setdefault((one.error.cause, scope), []).append((spot, one, what))
    for (cause, scope), found in reasons.items():
        spot, one, _ = min(found, key=lambda each: _rank(each[0]))
        en, ru = joined(what for _, _, what in found)
        why, mend = _why(cause, scope, one, portal)
        name = portal.name
        said = f"Not checked on portal {name}: {en} ({why[0]})", f"Не проверено на портале {name}: {ru} ({why[1]})"
        yield spot.fault(said, mend)


def _rank(spot: Spot) -> tuple[bool, str, int, int]:
    """The integrator's own files come first: they can be opened."""
    return spot.file.startswith(PACKAGED), spot.file, spot.line, spot.column


def _about(method: str) -> tuple[str, Said]:
    what = next((what for begins, what in _METHODS if method.startswith(begins)), (method, method))
    return scope_of(method), what


def _why(cause: str, scope: str, one: Unseen, portal: Portal) -> tuple[Said, Said]:
    if cause == _SCOPE:
        why = f"permission {scope} is missing", f"нет разрешения {scope}"
        if not portal.connector_prefix:
            return why, ("Add it to the incoming webhook in Bitrix24", "Добавьте его входящему вебхуку в Битрикс24")
        return why, (
            "Add it in the application's card in Bitrix24 and reinstall the application",
            "Добавьте его в карточке приложения в Битрикс24 и переустановите приложение",
        )
    if cause == _RIGHT:
        en, ru = _RIGHTS.get(scope, _ADMINISTRATOR)
        return ("access denied", "доступ запрещён"), (
            f"Give the user of this authorization {en}, or let an administrator open the application",
            f"Дайте пользователю этой авторизации {ru} или откройте приложение под администратором",
        )
    words = one.error.detail[:120] or cause
    hint = one.error.hint
    return (words, words), (hint.en.rstrip("."), hint.ru.rstrip("."))
