"""How the step to a mailbox is judged: green by proof alone, else what to do now."""

from __future__ import annotations

from connector.checkup.facts import Facts
from connector.checkup.verdicts import Verdict, missing
from connector.listening.health import CONNECTED
from connector.speech import Text

_OTHERS = ("public.", "portal.", "letters.")  # codes that are not of the provider's own side

_READ = Text("The mailbox is read.", "Почтовый ящик читается.")
_CONNECTS = Text("It is being connected.", "Подключается.")
_HEARD = Text("{provider} has brought letters.", "«{provider}»: письма приходят.")
_BY_HAND = Text(
    "Tell {provider} where to bring letters, as its set-up says, or press Connect. Green with the first letter.",
    "Укажите в «{provider}», куда приносить письма, как сказано в его настройке, или нажмите «Подключить». Станет "
    "зелёным с первым письмом.",
)


def mailbox(facts: Facts) -> Verdict:
    """The server answers where it can be asked, and the mailbox is read; or a webhook has brought something."""
    if (lacks := missing(facts)) is not None:
        return lacks
    box, named = facts.box, {"provider": facts.provider}
    own = (one for one in facts.findings if not one.code.startswith(_OTHERS))
    if wrong := next((one for one in own if one.state == "bad"), None):
        return Verdict("bad", wrong.hint or wrong.what, wrong.mend)
    if box is not None and box.state:
        if box.state == CONNECTED:
            return Verdict("ok", _READ)
        return Verdict("bad", box.problems[0]) if box.problems else Verdict("wait", _CONNECTS)
    return Verdict("ok", _HEARD.with_(**named)) if facts.heard else Verdict("wait", _BY_HAND.with_(**named))
