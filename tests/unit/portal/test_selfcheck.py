from __future__ import annotations

import re
from datetime import timedelta

import pytest

from connector.domain.provider import Finding
from connector.domain.states import in_words
from connector.portal.events import CALLS, WANTED, wanted
from connector.portal.scopes import SCOPES, Use
from connector.portal.selfcheck import Line, examine
from tests.unit.portal.world import NOW, URL, World, denied, grant, webhook_settings

NEEDED = [scope.name for scope in SCOPES if scope.only is None]
HANDLER = "https://connector.acme.ru/bitrix24/events"
OLD = "https://old.acme.ru/bitrix24/events"
LINES = (Line(account="shop", slug="telegram", line="3"),)


def bound(url: str = HANDLER + "/", *, but: str = "") -> list[dict[str, str]]:
    return [{"event": event, "handler": url} for event in WANTED if event != but]


def healthy(
    world: World, *, base: str = f"{URL}/rest/", calls: bool = False, lines: tuple[Line, ...] = LINES, **changes
) -> list[Finding]:
    portal = world.portal()
    answers = {
        "profile": {"ID": "1", "ADMIN": True},
        "server.time": (NOW + timedelta(seconds=2)).isoformat(),
        "scope": [*(name for name in NEEDED if name != "user"), "user_brief"],
        "app.info": {"LICENSE": "ru_std", "INSTALLED": True, "PAYMENT_EXPIRED": "N", "DAYS": None},
        "event.get": bound(),
        "events": [*WANTED, "ONCRMDEALADD"],
        "imconnector.list": {} if world.config.app is None else {portal.connector_id("telegram"): "Telegram"},
    } | {name: answer for name, answer in changes.items() if name != "imconnector.status"}
    for method, answer in answers.items():
        failed = isinstance(answer, dict) and "error" in answer
        world.answer(method, answer if failed else {"result": answer}, 403 if failed else 200, base=base)
    status = changes.get("imconnector.status", {"STATUS": True})
    section = "result_error" if "error" in status else "result"
    world.answer("batch", {"result": {"result": [], section: {"shop": status}}}, base=base)
    return portal.check(lines, handler_url=HANDLER, calls=calls)


def wrong(findings: list[Finding]) -> list[Finding]:
    for finding in findings:
        assert (finding.state == "ok") == (finding.hint is None)
        assert re.fullmatch(r"portal\.[a-z_]+", finding.code)
        for text in (finding.what, finding.hint or finding.what):
            assert re.search("[а-яА-Я]", text.ru)
            assert not re.search(r"\{\w+\}", text.en + text.ru)
    return [finding for finding in findings if finding.state != "ok"]


def test_a_healthy_portal_has_nothing_to_complain_of(world: World):
    findings = healthy(world)
    assert wrong(findings) == []
    codes = [finding.code.removeprefix("portal.") for finding in findings]
    assert codes == [
        "installed", "member", "token", "rest", "admin", "clock", "scopes", "licence", "handlers", "connectors", "line",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "answer", "state", "words"),
    [
        ("profile", {"ADMIN": False}, "warn", "administrator"),
        ("server.time", (NOW - timedelta(seconds=100)).isoformat(), "warn", "NTP"),
        ("server.time", (NOW + timedelta(hours=1)).isoformat(), "bad", "NTP"),
        ("server.time", "yesterday", "warn", "by hand"),
        ("server.time", "2026-05-01T12:00:00", "warn", "by hand"),
        ("scope", ["crm", "im", "user"], "bad", "imopenlines, imconnector"),
        ("scope", [], "bad", "crm"),
        ("app.info", {"INSTALLED": False}, "bad", "open the application as an administrator"),
        ("app.info", {"INSTALLED": True, "PAYMENT_EXPIRED": "Y"}, "bad", "Market"),
        ("app.info", {"DAYS": -3, "PAYMENT_EXPIRED": "N"}, "warn", "3 days ago"),
        ("app.info", {"DAYS": "5", "PAYMENT_EXPIRED": "N"}, "warn", "5 more days"),
        ("event.get", [], "bad", "ONIMCONNECTORMESSAGEADD"),
        ("event.get", bound(but="ONAPPUNINSTALL"), "bad", "ONAPPUNINSTALL"),
        ("event.get", bound(but="ONAPPTEST"), "warn", "ONAPPTEST"),
        ("event.get", [*bound(HANDLER), *bound(HANDLER)], "warn", "more than once"),
        ("event.get", [*bound(), {"event": "ONAPPUPDATE", "handler": OLD}], "warn", OLD),
        ("imconnector.list", [], "bad", "telegram"),
        ("imconnector.status", {"STATUS": False}, "bad", "Contact Center"),
        ("imconnector.status", denied("insufficient_scope"), "bad", "permission"),
    ],
)
def test_each_trouble_is_named_with_what_to_do(world: World, method, answer, state, words):
    found = wrong(healthy(world, **{method: answer}))
    assert [finding.state for finding in found] == [state]
    assert words in str(found[0].hint and found[0].hint.en)


@pytest.mark.parametrize(
    ("method", "answer", "mend"),
    [
        ("event.get", [], "connector portal rebind main"),
        ("event.get", [*bound(HANDLER), *bound(HANDLER)], "connector portal rebind main"),
        ("event.get", [*bound(), {"event": "ONAPPUPDATE", "handler": OLD}], f"connector portal unbind main {OLD}"),
        ("imconnector.list", [], "connector portal rebind main"),
        ("scope", [], "connector portal install main"),
    ],
)
def test_what_a_command_mends_names_the_command(world: World, method, answer, mend):
    assert [finding.mend for finding in wrong(healthy(world, **{method: answer}))] == [mend]


def test_handlers_of_strangers_are_nobodys_trouble(world: World):
    foreign = {"event": "ONCRMDEALADD", "handler": "https://erp.acme.ru/in"}
    assert wrong(healthy(world, **{"event.get": [*bound(), foreign]})) == []


@pytest.mark.parametrize(("event", "state"), [("ONAPPUPDATE", "warn"), ("ONIMCONNECTORMESSAGEADD", "bad")])
def test_an_event_that_the_portal_does_not_have_cannot_be_bound(world: World, event, state):
    known = [name for name in WANTED if name != event]
    found = wrong(healthy(world, events=known, **{"event.get": bound(but=event)}))
    assert [(finding.code, finding.state) for finding in found] == [("portal.handlers_lacking", state)]
    assert event in str(found[0].hint)


def test_a_telephone_system_wants_its_permission_and_its_events(world: World):
    scope, lacking = wrong(healthy(world, calls=True))
    assert (scope.code, lacking.code) == ("portal.scopes", "portal.handlers_lacking")
    assert "telephony" in str(scope.hint)
    assert "ONEXTERNALCALLSTART, ONEXTERNALCALLBACKSTART" in str(lacking.hint)


def test_a_telephone_system_with_all_it_wants_is_well(world: World):
    rows = [*bound(), *({"event": event, "handler": HANDLER} for event in CALLS)]
    assert wrong(healthy(world, calls=True, scope=[*NEEDED, "telephony"], **{"event.get": rows})) == []


def test_a_portal_with_calls_alone_needs_nothing_of_open_lines(world: World):
    rows = [{"event": event, "handler": HANDLER} for event in wanted(talk=False, calls=True)]
    granted = ["im", "crm", "user", "telephony"]
    assert wrong(healthy(world, calls=True, lines=(), scope=granted, **{"event.get": rows})) == []


def lacked(world: World, granted: list[str], *uses: Use) -> Finding:
    healthy(world, scope=granted)
    found = examine(world.portal(), webhook=False, lines=LINES, handler_url=HANDLER, now=NOW, uses=uses)
    return next(finding for finding in found if finding.code == "portal.scopes")


def test_what_is_set_up_wants_its_permission_and_is_told_what_for(world: World):
    found = lacked(world, [*NEEDED, "department"], "people", "department", "team", "task")
    assert found.state == "bad"
    assert "reinstall it: task (tasks), humanresources (teams" in str(found.hint and found.hint.en)
    assert "task (задачи)" in str(found.hint and found.hint.ru)


def test_who_leads_people_may_not_only_read_them(world: World):
    reads = [name for name in NEEDED if name != "user"] + ["user_basic"]
    assert lacked(world, reads).state == "ok"
    assert str(lacked(world, reads, "people").hint).count("user") == 2


def test_a_webhook_with_a_telephone_system_wants_its_permission(world: World):
    world.config = webhook_settings()
    findings = healthy(world, base=f"{URL}/rest/1/the-code/", calls=True)
    assert [finding.code for finding in findings if finding.state == "bad"] == ["portal.scopes"]
    assert "telephony" in str(findings[-2].hint)


def test_an_account_without_a_line_is_told_to_get_one(world: World):
    healthy(world)
    found = wrong(world.portal().check([Line(account="shop", slug="telegram")]))
    assert "line:" in str(found[0].hint)


def test_all_lines_of_a_portal_cost_one_request(world: World):
    healthy(world)
    lines = [Line(account=f"a{number}", slug="telegram", line="3") for number in range(30)]
    before = len(world.sent("batch"))
    world.portal().check(lines, handler_url=HANDLER)
    assert len(world.sent("batch")) == before + 1
    assert len(world.sent("batch")[-1]["cmd"]) == 30


def test_a_portal_that_does_not_answer_is_the_last_finding(world: World):
    findings = healthy(world, profile=denied("OVERLOAD_LIMIT"))
    assert [finding.state for finding in findings] == ["ok", "ok", "ok", "bad"]
    assert "support" in str(findings[-1].hint)


def test_a_portal_that_is_not_installed_says_so_and_asks_nothing(world: World):
    world.store.drop_installation("main", clean=False)
    findings = world.portal().check()
    assert [finding.state for finding in findings] == ["bad"]
    assert not world.wire.calls


def test_a_portal_without_its_id_cannot_recognise_events(world: World):
    world.install(grant=grant(member_id=""))
    assert [finding.code for finding in wrong(healthy(world))] == ["portal.member"]


@pytest.mark.parametrize("state", ["needs_reauth", "uninstalled", "suspended", "blocked", "unreachable"])
def test_a_stopped_portal_tells_its_state_and_reason(world: World, state):
    world.install(state=state, reason="bitrix24.overload_block: told so (since 2026-05-01 09:00 UTC)", updated_at=NOW)
    made = examine(world.portal(), webhook=False, lines=(), handler_url=HANDLER, now=NOW)
    (first,) = [finding for finding in made if finding.code == "portal.state"]
    assert first.state == "warn"
    for said, reason in (("en", "told so, for 3 h)"), ("ru", "told so, уже 3 ч)")):
        assert in_words(state).say(said) in first.what.say(said)
        assert first.what.say(said).endswith(reason)
    assert first.hint


def test_a_portal_that_has_gone_dark_is_told_before_it_counts_as_unreachable(world: World):
    world.install(reason="unanswered since 2026-05-01T11:55:00+00:00 network.cut")
    found = wrong(healthy(world))
    assert [finding.code for finding in found] == ["portal.state"]
    assert found[0].what.en.endswith("network.cut, for 5 min")
    assert found[0].what.ru.endswith("network.cut, уже 5 мин")


def test_tokens_that_grow_old_are_noticed(world: World):
    world.install(grant=grant(expires_at=NOW - timedelta(days=160)))
    world.token()
    assert "160" in wrong(healthy(world))[0].what.en


def test_the_age_of_the_tokens_is_told(world: World):
    world.install(grant=grant(expires_at=NOW + timedelta(minutes=20)))
    assert "40 min" in next(finding.what.en for finding in healthy(world) if finding.code == "portal.token")


def test_a_webhook_is_told_in_the_first_minute_what_it_cannot_do(world: World):
    world.config = webhook_settings()
    findings = healthy(world, base=f"{URL}/rest/1/the-code/")
    assert [finding.state for finding in findings] == ["warn", "ok", "ok", "ok", "ok", "ok"]
    hint = str(findings[0].hint and findings[0].hint.en)
    assert "What works: " in hint
    assert "open lines" in hint.partition("does not")[2]


def test_a_revoked_webhook_says_what_to_make_anew(world: World):
    world.config = webhook_settings()
    findings = healthy(world, base=f"{URL}/rest/1/the-code/", profile=denied("INVALID_CREDENTIALS"))
    assert findings[-1].state == "bad"
    assert "webhook" in str(findings[-1].hint and findings[-1].hint.en)
