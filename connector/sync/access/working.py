"""One run over access groups: look, decide, carry out, remember. A second run right after it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import structlog

from connector.domain.access import AccessSettings
from connector.domain.effects import Remember
from connector.domain.ports import Clock
from connector.domain.sources import SourceSettings
from connector.journal import Journal, MirrorRow, Run
from connector.portal import Portal
from connector.speech import Text
from connector.sync.access.hands import Hands
from connector.sync.access.looking import again, survey
from connector.sync.access.memory import BRAKED, GROUPS, Memory, Move, invitee
from connector.sync.access.newcomers import Invitation, invitations, invite, learn, unlearnt, welcomed
from connector.sync.access.outcome import AccessOutcome, Change, State, What
from connector.sync.access.planning import Plan, planned
from connector.sync.access.survey import Survey
from connector.sync.access.writing_console import write_console
from connector.sync.access.writing_queues import write_queues
from connector.sync.access.writing_teams import write_teams
from connector.sync.access.writing_users import KINDS, write_users
from connector.sync.access.writing_workgroups import write_workgroups

log = structlog.get_logger()

_WRITERS: Mapping[str, Callable[[Hands, Sequence[Move]], None]] = MappingProxyType(
    {
        "user": write_users,
        "workgroup": write_workgroups,
        "team": write_teams,
        "queue": write_queues,
        "console": write_console,
    }
)
_ELSEWHERE = "another source leads them here"
_KEPT = Text("{user} stays in {target}: {why}", "{user}: остаётся, {target}: {why}")
_MOST_NOTES = 50
_MORE = Text("… and {count} more who stay", "… и ещё {count}, кто остаётся")


def work(
    portal: Portal,
    journal: Journal,
    settings: SourceSettings,
    rows: Iterable[MirrorRow],
    *,
    clock: Clock,
    run: Run,
    stop: Callable[[], bool],
    dry: bool,
) -> AccessOutcome:
    """Bring the portal to what ``rows`` say. ``dry`` writes nothing and tells what would be done.

    ``stop`` is asked between packs; then the outcome is not ``finished``, and another call goes on. Killed anywhere,
    another call goes on as well. Raises ``TransientError`` (later) and ``Stopped`` of the portal.
    """
    access, began = settings.access, clock()
    if access is None:
        return AccessOutcome()
    memory = Memory(journal, portal.name, settings.source, trace=run.trace)
    with portal.bulk() as bulk:
        seen = survey(portal, bulk, journal, memory, access, rows)
        guests, problems = invitations(seen)
        hands = Hands(
            portal=portal,
            bulk=bulk,
            memory=memory,
            users=seen.users,
            sites=seen.sites,
            others=seen.others,
            stop=stop,
        )
        made: Mapping[str, int] = {}
        if not dry:
            seen, made, refused = _invited(hands, seen, guests)
            problems += refused
        plan = planned(seen, allow_gone=run.allow_gone)
        outcome = _told(seen, plan, problems)
        outcome.changes += [_invitation(guest, made, dry=dry) for guest in guests]
        _carried_out(hands, seen, plan, outcome, access, dry=dry)
    took = (clock() - began).total_seconds()
    log.info("access.run", source=settings.source, grants=outcome.grants, revokes=outcome.revokes, seconds=took)
    return outcome


def _invited(hands: Hands, seen: Survey, guests: Sequence[Invitation]) -> tuple[Survey, Mapping[str, int], list[Text]]:
    made, problems = invite(hands, guests)
    if not any(made.values()):
        return seen, made, problems
    fresh = again(seen, hands.bulk, hands.memory, [user for user in made.values() if user])
    hands.users, hands.sites = fresh.users, fresh.sites
    return fresh, made, problems


def _carried_out(
    hands: Hands, seen: Survey, plan: Plan, outcome: AccessOutcome, access: AccessSettings, *, dry: bool
) -> None:
    moves = [Move(target=steps.target, step=step) for steps in plan.steps for step in (*steps.grants, *steps.revokes)]
    if dry:
        _count(outcome, seen, moves, "planned")
        new = [match.user.id for match in unlearnt(seen.matches.of)] if access.learn else []
        outcome.changes += [_learning(seen, user, "planned") for user in new]
        return
    _tidy(hands.memory, plan, outcome, seen)
    bases = {one.target: one.managed for one in plan.braked}
    if bases != seen.bases:
        hands.memory.keep([Remember(BRAKED, hands.memory.source, bases or None)])
    by_writer: dict[str, list[Move]] = {}
    for move in moves:
        by_writer.setdefault("user" if move.target.kind in KINDS else move.target.kind, []).append(move)
    for name, write in _WRITERS.items():
        if by_writer.get(name) and not hands.stopped:
            write(hands, by_writer[name])
    learned, refused = learn(hands, seen.matches.of, write=access.learn)
    _count(outcome, seen, hands.done, "done")
    _count(outcome, seen, [move for move, _ in hands.failed], "failed")
    outcome.changes += [_learning(seen, user, "done") for user in learned]
    outcome.problems = (*outcome.problems, *refused, *hands.problems())
    outcome.finished = not hands.stopped
    if outcome.finished:
        welcomed(hands.memory, seen.matches.of, hands.memory.invited())
        if not outcome.braked:
            hands.memory.keep([Remember(GROUPS, hands.memory.source, sorted(seen.people.groups()))])


def _tidy(memory: Memory, plan: Plan, outcome: AccessOutcome, seen: Survey) -> None:
    """What a run that was cut off had done already, and people who left without us."""
    settled = [Move(target=steps.target, step=step) for steps in plan.steps for step in steps.settled]
    begun = [move for move in settled if _begun(seen, move)]
    memory.settle(begun)
    memory.renew([move for move in settled if move not in begun])
    _count(outcome, seen, begun, "done")
    for steps in plan.steps:
        told = dict.fromkeys(steps.elsewhere, _ELSEWHERE)
        memory.drop(steps.target, steps.dropped, told=told)


def _begun(seen: Survey, move: Move) -> bool:
    held = seen.managed.get(move.target, {}).get(move.step.user)
    if held is None:
        return False
    return held.state == "granting" or (held.state == "revoking" and held.grade != move.step.was)


def _told(seen: Survey, plan: Plan, problems: Iterable[Text]) -> AccessOutcome:
    notes = list(_stay(seen, plan))
    if len(notes) > _MOST_NOTES:
        notes = [*notes[:_MOST_NOTES], _MORE.with_(count=len(notes) - _MOST_NOTES)]
    return AccessOutcome(
        unmatched=seen.matches.unmatched,
        braked=plan.braked,
        notes=tuple(notes),
        problems=(*seen.problems, *problems),
    )


def _stay(seen: Survey, plan: Plan) -> Iterator[Text]:
    for steps in plan.steps:
        for user_id, why in steps.kept.items():
            label = seen.users[user_id].label if user_id in seen.users else f"#{user_id}"
            yield _KEPT.with_(user=label, target=steps.target.said(), why=why)


def _count(outcome: AccessOutcome, seen: Survey, moves: Iterable[Move], state: State) -> None:
    for move in moves:
        gives, dismissal = move.gives, move.target.kind == "dismissed"
        if state != "failed" and not dismissal:
            outcome.grants += gives
            outcome.revokes += not gives
        what: What = "dismissed" if dismissal else "granted" if gives else "revoked"
        step = move.step
        outcome.changes.append(_change(what, seen, step.user, move.target.key, step.grade, step.chain, state))


def _change(what: What, seen: Survey, user: int, target: str, grade: str, why: str, state: State) -> Change:
    label = seen.users[user].label if user in seen.users else f"#{user}"
    return Change(what=what, target=target, user=user, person=label, grade=grade, why=why, state=state)


def _learning(seen: Survey, user: int, state: State) -> Change:
    return _change("learned", seen, user, "", "", "found by e-mail", state)


def _invitation(guest: Invitation, made: Mapping[str, int], *, dry: bool) -> Change:
    user = made.get(invitee(guest.person), 0)
    target = ", ".join(f"department:{number}" for number in guest.departments)
    return Change(
        what="invited",
        target=target,
        user=user,
        person=guest.person.label,
        grade="in",
        why="not in Bitrix24 yet",
        state="planned" if dry else "done" if user else "failed",
    )
