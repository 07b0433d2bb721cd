"""How the steps to a telephone system are judged: green by proof alone, else what to do now."""

from __future__ import annotations

from connector.checkup.facts import Facts
from connector.checkup.verdicts import Verdict, missing
from connector.domain.provider import Finding
from connector.listening.health import CONNECTED
from connector.speech import Text

_OTHERS = ("public.", "portal.", "telephony.")  # codes that are not of the provider's own side

_LOOKING = Text("Looking…", "Проверяю…")
_LISTENED = Text("The stream of {provider} is read.", "Поток событий «{provider}» читается.")
_HEARD = Text("{provider} has told us of calls.", "{provider} уже сообщала о звонках.")
_BY_HAND = Text(
    "Give the address for webhooks to {provider}, or press Connect, then call. Green with the first event.",
    "Укажите в «{provider}» адрес для вебхуков или нажмите «Подключить» и позвоните. Станет зелёным с первым событием.",
)
_CONNECTS = Text("It is being connected.", "Подключается.")
_LINES = Text("Bitrix24 knows the lines of the account.", "Битрикс24 знает линии аккаунта.")
_CALL = Text(
    "Call one of your numbers. Green when the call is finished in Bitrix24.",
    "Позвоните на любой свой номер. Станет зелёным, когда звонок завершится в Битрикс24.",
)
_CALLED = Text("A call went all the way into Bitrix24.", "Звонок прошёл весь путь до Битрикс24.")


def pbx(facts: Facts) -> Verdict:
    """The PBX answers where it can be asked, and is heard: by its stream, or by a first request."""
    if (lacks := missing(facts)) is not None:
        return lacks
    phone, named = facts.phone, {"provider": facts.provider}
    if wrong := next((one for one in facts.findings if one.state == "bad" and _own(one)), None):
        return Verdict("bad", wrong.hint or wrong.what, wrong.mend)
    if phone is not None and phone.state == CONNECTED:
        return Verdict("ok", _LISTENED.with_(**named))
    if phone is not None and phone.state:
        return Verdict("bad", phone.problems[0]) if phone.problems else Verdict("wait", _CONNECTS)
    return Verdict("ok", _HEARD.with_(**named)) if facts.heard else Verdict("wait", _BY_HAND.with_(**named))


def lines(facts: Facts) -> Verdict:
    """The portal itself names them."""
    found = facts.found("telephony.lines")
    if not found:
        return Verdict("wait", _LOOKING)
    if (first := found[0]).state != "ok":
        return Verdict("bad", first.hint or first.what, first.mend)
    return Verdict("ok", _LINES)


def call(facts: Facts) -> Verdict:
    """A call was finished in Bitrix24."""
    return Verdict("ok", _CALLED) if facts.called else Verdict("wait", _CALL)


def _own(finding: Finding) -> bool:
    return not finding.code.startswith(_OTHERS)
