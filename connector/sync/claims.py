"""Who may write to what: records that lead to the same person or row take turns.

A record that finds what it wants to write claimed waits until that is free, and then begins anew: what it had read may
have changed by then. While it waits it keeps nothing from others, so no two can wait for each other. Claims are taken
at the moment of writing, so records that only read share.

All that wait for the same begin anew together: mostly the first has written what they all want, and the others go on
side by side. Those that found it taken again :data:`TOGETHER` times stand in a queue, each with its own turn, so that
many who really differ do not read everything over and over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from connector.domain.effects import Call
from connector.sync.records import Journey

TOGETHER = 6
_BY_ID = ("id", "ID", "GROUP_ID", "taskId")


class Claims:
    """The claims of the records under way."""

    def __init__(self) -> None:
        self._held: dict[str, Journey] = {}
        self._crowds: dict[str, list[Journey]] = {}
        self._queues: dict[str, deque[Journey]] = {}

    def take(self, one: Journey, call: Call) -> bool:
        """Claim what ``call`` writes to. False: somebody has it; the record waits until :meth:`freed` gives it back.
        What it held itself is to be freed then.
        """
        wanted = _claimed(one, call)
        taken = next((name for name in sorted(wanted) if self._held.get(name, one) is not one), None)
        if taken is None:
            self._held.update(dict.fromkeys(wanted, one))
            one.holds |= wanted
            return True
        one.waited += 1
        if one.waited > TOGETHER:
            self._queues.setdefault(taken, deque()).append(one)
        else:
            self._crowds.setdefault(taken, []).append(one)
        return False

    def freed(self, one: Journey) -> list[Journey]:
        """It is over or waits itself: its claims are free; those that may begin anew. Whose turn it is in a queue has
        the claim already.
        """
        names, one.holds = sorted(one.holds), set()
        begin: list[Journey] = []
        for name in names:
            del self._held[name]
            begin += self._crowds.pop(name, ())
            if queue := self._queues.get(name):
                following = queue.popleft()
                self._held[name] = following
                following.holds.add(name)
                begin.append(following)
        return begin


def _claimed(one: Journey, call: Call) -> set[str]:
    found = _OF.get(call.method, _of_others)(one, call)
    return found | ({f"key:{call.key}"} if call.key else set()) | ({f"turn:{call.turn}"} if call.turn else set())


def _of_add(one: Journey, call: Call) -> set[str]:
    """Whoever would be found by the same number, address or outside id is the same."""
    kind = int(call.params["entityTypeId"])
    mine = [wish for wish in one.decided_by.wishes() if wish.type_id == kind]
    ways = {f"new:{kind}:{way.kind}{way.field}:{value}" for wish in mine for way in wish.match for value in way.values}
    return ways | {f"new:{kind}:external:{wish.external}" for wish in mine if wish.external}


def _of_update(one: Journey, call: Call) -> set[str]:
    return {f"item:{call.params['entityTypeId']}:{call.params['id']}"}


def _of_others(one: Journey, call: Call) -> set[str]:
    number = next((call.params[name] for name in _BY_ID if name in call.params), None)
    return set() if number is None else {f"{call.method}:{number}"}


_OF: Mapping[str, Callable[[Journey, Call], set[str]]] = {"crm.item.add": _of_add, "crm.item.update": _of_update}
