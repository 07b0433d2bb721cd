"""Who is to be connected with whom, and over which PBX; what is said when that cannot be."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.domain.callbacks import CallRequested
from connector.domain.effects import Call, Plan, Recall, Remember
from connector.errors import PermanentError
from connector.handlers.calls.numbers import dialled, line_in
from connector.handlers.calls.people import ENTITIES, default_user, extension_of, looked_up
from connector.handlers.rules import AccountFacts, Rules
from connector.speech import Text

CALLBACK = "event.callback"  # by <portal>/<phone>: {"at"}, when a client was last to be called back
DOUBLE = timedelta(minutes=2)
TYPE_CALLBACK = 4
_EXTENSION = re.compile(r"[,;]")  # what a client's own PBX wants dialled after the number
UNAVAILABLE, BAD_NUMBER = "480", "404"

NO_NUMBER = Text(
    "The call was not placed: “{phone}” is no telephone number. Correct it in the CRM, then click again.",
    "Звонок не состоялся: «{phone}» — не номер телефона. Исправьте его в CRM и нажмите ещё раз.",
)
NO_ACCOUNT = Text(
    "The call to {phone} was not placed: line “{line}” belongs to no PBX of the connector. Choose another line for "
    "outgoing calls in Bitrix24 (Telephony, Users), or have the administrator add it to `lines` of the PBX's account.",
    "Звонок на {phone} не состоялся: линия «{line}» не принадлежит ни одной АТС коннектора. Выберите другую линию для "
    "исходящих в Битрикс24 (Телефония, Пользователи) или попросите администратора добавить её в `lines` аккаунта АТС.",
)
NO_DIAL = Text(
    "The call to {phone} was not placed: the PBX of account {account} cannot place calls for us. Dial from your "
    "telephone, or choose another line for outgoing calls in Bitrix24 (Telephony, Users).",
    "Звонок на {phone} не состоялся: АТС аккаунта {account} не умеет звонить по команде. Наберите номер на телефоне "
    "или выберите другую линию для исходящих в Битрикс24 (Телефония, Пользователи).",
)
NO_EXTENSION = Text(
    "The call to {phone} was not placed: it is not known which telephone is yours. Set your extension number in "
    "Bitrix24 (Telephony, Users), or have it added to the table `extensions` of the mappings, then click again.",
    "Звонок на {phone} не состоялся: неизвестно, какой телефон ваш. Укажите внутренний номер в Битрикс24 (Телефония, "
    "Пользователи) или попросите внести его в таблицу `extensions` маппингов и нажмите ещё раз.",
)
NOBODY = Text(
    "A client asks to be called back at {phone}, and nobody is known who would. Set `responsible:` for account "
    "{account} in connector.yaml (a Bitrix24 user id), then replay.",
    "Клиент просит перезвонить на {phone}, но неизвестно, кто это сделает. Укажите `responsible:` аккаунта {account} в "
    "connector.yaml (id пользователя Битрикс24) и повторите доставку.",
)
SAID = Text("A client asks to be called back at {phone}: {text}", "Клиент просит перезвонить на {phone}: {text}")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A call to be placed. ``call`` is the id that the PBX is asked to use; ``lacks`` is why it cannot be placed, and
    ``status`` what it is finished with then.
    """

    phone: str
    call_id: str
    call: str
    user: int
    account: str = ""
    line: str = ""
    extension: str = ""
    lacks: Text | None = None
    status: str = UNAVAILABLE


def wanted(event: CallRequested, rules: Rules) -> Plan:
    """The call that ``event`` asks for; ``None`` when the same was asked for just now.

    A client's request for a call back has no call in Bitrix24 yet (§1.10): it is registered first, under whoever is
    responsible for the client, so that it stays whatever becomes of it. Raises ``PermanentError`` when nobody is.
    """
    phone = dialled(_EXTENSION.split(event.phone)[0], rules)
    facts, line = account_for(event.portal, event.line, rules)
    if event.call_id:
        call_id, people = event.call_id, [event.user]
    else:
        if (yield from _doubled(event.portal, phone, rules)):
            return None
        people = yield from _managers(event, phone, facts.name if facts else "", line, rules)
        call_id = (yield from _registered(event, phone, facts, line, people[0], rules)) if phone else ""
    said: dict[str, object] = {"phone": phone or _plain(event.phone, 40), "line": _plain(event.line, 50)}
    call = Wanted(phone=phone, call_id=call_id, call=_id_for(event.portal, call_id), user=people[0])
    if not phone:
        return _lacking(call, NO_NUMBER.with_(**said), BAD_NUMBER)
    if facts is None:
        return _lacking(call, NO_ACCOUNT.with_(**said))
    if not can_dial(facts):
        return _lacking(call, NO_DIAL.with_(account=facts.name, **said))
    user, extension = yield from _at_a_telephone(event.portal, people, rules)
    if not extension:
        return _lacking(call, NO_EXTENSION.with_(**said))
    return Wanted(
        phone=phone, call_id=call_id, call=call.call, user=user, account=facts.name, line=line, extension=extension
    )


def account_for(portal: str, line: str, rules: Rules) -> tuple[AccountFacts | None, str]:
    """The PBX account that ``line`` belongs to, and how its settings write it (empty: the PBX's choice).

    A line is known by its number or by the account's name; an unknown one is that of the only account.
    """
    ours = [facts for facts in rules.accounts.values() if facts.portal == portal and facts.pbx is not None]
    for facts in ours:
        assert facts.pbx is not None
        if line == facts.name:
            return facts, ""
        if own := line_in(facts.pbx.lines, line, rules):
            return facts, own
    able = [facts for facts in ours if can_dial(facts)]
    return next(((only[0], "") for only in (able, ours) if len(only) == 1), (None, ""))


def can_dial(facts: AccountFacts) -> bool:
    """Whether its provider places calls."""
    telephony = facts.provider.telephony
    return telephony is not None and telephony.dial is not None


def failed(portal: str, call_id: str, user: int, status: str, why: Text, rules: Rules, *, aloud: bool = True) -> Plan:
    """Finish a call that was not placed (§1.4), and tell its user why unless that is of no use to them any more.

    Returns what to note: neither is worth waiting for a person.
    """
    reason = why.say(_language(portal, rules))
    params = {
        "CALL_ID": call_id,
        "USER_ID": user,
        "DURATION": 0,
        "STATUS_CODE": status,
        "FAILED_REASON": reason,
        "ADD_TO_CHAT": 0,
    }
    notes = [why.en]
    try:
        if call_id:
            yield Call("telephony.externalCall.finish", params, key=f"click:{portal}:{call_id}:finish")
    except PermanentError as error:
        notes.append(error.hint.en)  # finished already, or its user is gone
    if aloud:
        notes.append((yield from told(portal, call_id, user, why, rules)))
    return "\n".join(dict.fromkeys(filter(None, notes)))


def told(portal: str, call_id: str, user: int, text: Text, rules: Rules) -> Plan:
    """Notify a user; a later word about the same call replaces this one. Returns what to note."""
    if not user or not text.en:
        return ""
    words = text.say(_language(portal, rules))
    params = {"USER_ID": user, "MESSAGE": words, "TYPE": "SYSTEM", "TAG": f"call_{call_id}"}
    try:
        yield Call("im.notify", params, key=f"click:{portal}:{call_id}:notify:{_hash(words)}")
    except PermanentError as error:
        return error.hint.en
    return ""


def _managers(event: CallRequested, phone: str, account: str, line: str, rules: Rules) -> Plan:
    """Who may call the client back, the one responsible for them first."""
    try:
        owner = yield from looked_up(event.portal, phone, rules)
    except PermanentError:
        owner = None
    other = yield from default_user(event.portal, account, line, rules)
    people = list(dict.fromkeys(user for user in (owner.user if owner else 0, other) if user))
    if not people:
        raise PermanentError("call.nobody", hint=NOBODY.with_(phone=phone, account=account or "?"))
    return people


def _registered(
    event: CallRequested, phone: str, facts: AccountFacts | None, line: str, user: int, rules: Rules
) -> Plan:
    """The CALL_ID of a call back: registered once for each request (§1.2)."""
    pbx = facts.pbx if facts else None
    name = _id_for(event.portal, f"{phone}:{_stamp(rules.at)}")
    bound = event.entity in ENTITIES and event.entity_id > 0
    create = bool(pbx and pbx.crm_create) and not bound
    params = {
        "USER_ID": user,
        "PHONE_NUMBER": phone,
        "TYPE": TYPE_CALLBACK,
        "CRM_CREATE": int(create),
        "CRM_SOURCE": "CALLBACK",
        "SHOW": 1,
        "LINE_NUMBER": (line or event.line or (facts.name if facts else ""))[:50],
        "EXTERNAL_CALL_ID": f"callback.{name}",
        **({"CRM_ENTITY_TYPE": event.entity, "CRM_ENTITY_ID": event.entity_id} if bound else {}),
    }
    key = f"callback:{event.portal}:{name}:register"
    turn = f"client:{phone}" if create else ""
    call_id: str = yield Call("telephony.externalCall.register", params, key=key, judge=_call_id, turn=turn)
    if event.text:
        said = SAID.with_(phone=phone, text=_plain(event.text, 1000))
        yield from told(event.portal, call_id, user, said, rules)
    return call_id


def _call_id(answer: Any) -> str:
    return str(answer["CALL_ID"])


def _at_a_telephone(portal: str, people: list[int], rules: Rules) -> Plan:
    """The first of ``people`` who has an extension, with it."""
    for user in people:
        extension = yield from extension_of(portal, user, rules)
        if extension:
            return user, extension
    return people[0], ""


def _doubled(portal: str, phone: str, rules: Rules) -> Plan:
    """Two handlers may be bound to the same event (trap 12); a request has no id to tell them by."""
    key = f"{portal}/{phone}"
    before = yield Recall(CALLBACK, key)
    if before and rules.at and abs(rules.at - datetime.fromisoformat(before["at"])) < DOUBLE:
        return before["at"] != _stamp(rules.at)
    if rules.at:
        yield Remember(CALLBACK, key, {"at": _stamp(rules.at)})
    return False


def _lacking(call: Wanted, why: Text, status: str = UNAVAILABLE) -> Wanted:
    return Wanted(phone=call.phone, call_id=call.call_id, call=call.call, user=call.user, lacks=why, status=status)


def _plain(text: str, most: int) -> str:
    """Somebody else's words, without BBCode."""
    return text.translate({ord("["): "(", ord("]"): ")"})[:most]


def _id_for(portal: str, what: str) -> str:
    """An id that any PBX takes, the same for the same request."""
    return f"b24-{_hash(f'{portal}:{what}')}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _stamp(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _language(portal: str, rules: Rules) -> str:
    facts = rules.portals.get(portal)
    return facts.language if facts else "en"
