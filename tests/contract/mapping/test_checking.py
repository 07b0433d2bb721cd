"""What rules name, looked for on a whole portal: what is there passes, what is not is told with its place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.portal import Portal
from connector.rulebook.checking import differences
from connector.rulebook.folder import packaged
from connector.rulebook.kinds import KINDS
from connector.sandbox import SandboxServer
from mappings.loading import load
from tests.contract.mapping.furnished import CONTENTS, OPENED, check, contact, deal, item
from tests.contract.portal.conftest import House


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(selfhosted=True, contents=CONTENTS) as started:
        yield started


@pytest.fixture
def portal(sandbox: SandboxServer) -> Iterator[Portal]:
    yield House(sandbox).installed()
    sandbox.clear_faults()


RIGHT = [
    contact("NAME: x, lastName: y, ASSIGNED_BY_ID: 1, assignedById: '2', COMMENTS: '{{ event.text }}'"),
    contact("PHONE: '+79001112233', email: [a@b.ru, c@d.ru], WEB: x.ru, IM: x"),
    contact("UF_CRM_SHOP_ID: x, UF_CRM_AGE: 5, UF_CRM_HEAD: 2, UF_CRM_DUE: 2026-09-30, UF_CRM_SUM: 1500|RUB"),
    contact("UF_CRM_CHANNEL: [telegram, Сайт, 3001]"),
    contact("SOURCE_ID: CALL, typeId: CLIENT, HONORIFIC: HNR_RU_1, birthdate: 30.09.1980, OPENED: true"),
    contact("SOURCE_ID: null, NAME: '', UF_CRM_CHANNEL: []"),
    contact("SOURCE_ID: \"{{ 'CALL' if event.text else 'WEB' }}\""),
    "crm: {contact: {match: [{field: UF_CRM_SHOP_ID, is: '7'}], fill: {POST: x}}}",
    deal("STAGE_ID: WON, OPPORTUNITY: '1500.50', currencyId: RUB, observers: [1]"),
    deal(f"categoryId: {OPENED}, stageId: 'C{OPENED}:PREPARATION'"),
    deal(f"stageId: 'C{OPENED}:NEW'"),
    "crm: {lead: {match: [phone], set: {STATUS_ID: JUNK, TITLE: x}}}",
    item("title: x, stageId: 'DT1036_1:CLIENT', categoryId: 1, UF_CRM_1_CARRIER: cdek"),
    "line: 3",
    "line: '{{ 2 if event.text else 1 }}'",
    "owner: 2\ntask: {title: x, owner: 1, group: 1}\nnotify: {users: [1, '{{ owner }}'], text: x}",
    "workgroup: [1]\ntags: [x]",
    "when: found.contact.typeId == 'CLIENT' and found.contact.fm",
    "when: found.company.title and found.deal.stageId == 'WON' and found.lead.stageId in ['NEW', 'JUNK']",
    "when: found.contact.UF_CRM_CHANNEL == 3001 or found.contact.nowhere | default('x') == 'y'",
]


@pytest.mark.parametrize("rule", RIGHT)
def test_what_is_there_passes(portal: Portal, rule: str) -> None:
    assert [fault.words("en") for fault in check(portal, rule)] == []


WRONG = [
    (contact("FRST_NAME: x"), "A contact has no field FRST_NAME", "Did you mean"),
    (contact("ASIGNED_BY_ID: 1"), "A contact has no field ASIGNED_BY_ID", "Did you mean assignedById?"),
    (contact("ufCrmShopId: x"), "A contact has no field ufCrmShopId", "Did you mean UF_CRM_SHOP_ID?"),
    (contact("UF_CRM_SHOPID: x"), "A contact has no field UF_CRM_SHOPID", "Did you mean UF_CRM_SHOP_ID?"),
    (contact("Something: x"), "A contact has no field Something", "Look its name up in the CRM"),
    ("crm: {contact: {match: [phone], fill: {PSOT: x}}}", "A contact has no field PSOT", "Did you mean post?"),
    (contact("createdTime: 2026-01-01"), "createdTime is read-only", "Delete"),
    (contact("DATE_CREATE: 2026-01-01"), "DATE_CREATE is read-only", "Delete"),
    (contact("NAME: [a, b]"), "NAME takes one value, not a list", "Leave one"),
    (contact("UF_CRM_CHANNEL: site"), "UF_CRM_CHANNEL takes a list", "brackets"),
    (contact("UF_CRM_CHANNEL: [site, telegrm]"), "UF_CRM_CHANNEL has no option telegrm", "telegram (Телеграм)"),
    (contact("UF_CRM_CHANNEL: [99]"), "UF_CRM_CHANNEL has no option 99", "Known:"),
    (contact("UF_CRM_AGE: many"), "many does not fit UF_CRM_AGE: a whole number", "Correct"),
    (contact("UF_CRM_AGE: 1.5"), "1.5 does not fit UF_CRM_AGE: a whole number", "Correct"),
    (contact("birthdate: tomorrow"), "tomorrow does not fit birthdate: a date", "Correct"),
    (contact("UF_CRM_SUM: much"), "much does not fit UF_CRM_SUM: a sum", "Correct"),
    (contact("opened: perhaps"), "perhaps does not fit opened: true or false", "Correct"),
    (contact("assignedById: 99"), "There is no user 99", "/company/personal/user/"),
    (contact("assignedById: '{{ 99 if event.text else 1 }}'"), "There is no user 99", "/company/personal/user/"),
    (contact("UF_CRM_HEAD: 3"), "User 3 (Олег Ким) was dismissed", "Name another"),
    (contact("SOURCE_ID: CAL"), "SOURCE_ID has no value CAL", "Did you mean CALL"),
    (contact("SOURCE_ID: Звонок"), "SOURCE_ID has no value Звонок", "Did you mean CALL (Звонок)?"),
    (contact("TYPE_ID: CLENT"), "TYPE_ID has no value CLENT", "Did you mean CLIENT"),
    (
        "crm: {contact: {match: [{field: UF_CRM_SHOPID, is: '7'}]}}",
        "A contact has no field UF_CRM_SHOPID",
        "Did you mean UF_CRM_SHOP_ID?",
    ),
    ("crm: {deal: {match: [{field: PHONE, is: '7'}]}}", "Nobody can be found by field PHONE", "the way phone"),
    (deal("PHONE: '7'"), "A deal has no PHONE", "into the contact"),
    (deal("OPPORTUNITY: much"), "much does not fit OPPORTUNITY: a number", "Correct"),
    (deal("currencyId: rouble"), "rouble does not fit currencyId: a currency", "Correct"),
    (deal("STAGE_ID: LOST"), "STAGE_ID has no value LOST", "Did you mean LOSE (Сделка провалена)?"),
    (deal(f"categoryId: {OPENED}, stageId: WON"), f"Stage WON is of pipeline 0, but categoryId is {OPENED}", "C2:WON"),
    (deal("stageId: 'C7:WON'"), "stageId has no value C7:WON", "Did you mean WON"),
    (deal("stageId: 'C2:WN'"), "stageId has no value C2:WN", "Did you mean C2:WON"),
    (deal("categoryId: 9"), "There is no pipeline 9", "2 (Опт)"),
    (
        deal("stageId: \"{{ {'sale': 'WON', 'refund': 'LOST'}[event.text] }}\""),
        "stageId has no value LOST",
        "Did you mean LOSE",
    ),
    ("crm: {lead: {match: [phone], set: {STATUS_ID: JUNC}}}", "STATUS_ID has no value JUNC", "Did you mean JUNK"),
    (item("title: x", number=1037), "There is no smart process 1037", "1036 (Отгрузки)"),
    (item("titel: x"), "An item of 1036 has no field titel", "Did you mean title?"),
    (item("stageId: NEW"), "stageId has no value NEW", "DT1036_1:"),
    (item("UF_CRM_1_CARRIER: cdec"), "UF_CRM_1_CARRIER has no option cdec", "Did you mean cdek"),
    ("line: 33", "There is no open line 33", "1 (Продажи), 2 (Поддержка)"),
    ("line: '{{ 33 if event.text else 1 }}'", "There is no open line 33", "Known: 1 (Продажи)"),
    ("owner: 99", "There is no user 99", "/company/personal/user/"),
    ("owner: 3", "User 3 (Олег Ким) was dismissed", "Name another"),
    ("notify: {users: [1, 99], text: x}", "There is no user 99", "/company/personal/user/"),
    ("task: {title: x, owner: 1, group: 5}", "There is no workgroup 5", "/workgroups/group/"),
    ("workgroup: [1, 5]\ntags: [x]", "There is no workgroup 5", "/workgroups/group/"),
    ("when: found.contact.NAME", "A contact has no field NAME", "Did you mean name?"),
    ("set: {x: '{{ found.deal.stage }}'}", "A deal has no field stage", "Did you mean stageId?"),
    ("when: found.company.typeId in ['CUSTOMER', 'PARTNR']", "typeId has no value PARTNR", "Did you mean PARTNER"),
    ("when: found.deal.stageId == 'WIN'", "stageId has no value WIN", "Did you mean WON"),
    (
        "when: found.contact.UF_CRM_CHANNEL == 'telegram'",
        "holds ids of options here, never telegram",
        "3001 (Телеграм)",
    ),
]


@pytest.mark.parametrize(("rule", "what", "mend"), WRONG)
def test_what_is_not_there_is_told_with_the_nearest(portal: Portal, rule: str, what: str, mend: str) -> None:
    [fault] = check(portal, rule)
    assert what in fault.said[0]
    assert mend in fault.mend[0]
    assert fault.file == "shop.yaml"
    assert fault.said[1] != fault.said[0]


def test_the_place_is_the_very_word(portal: Portal) -> None:
    rule = """when: >-
  event.text
  and found.contact.NAME
crm:
  contact:
    match: [phone, {field: UF_CRM_SHOPID, is: x}]
    set:
      FRST_NAME: x
      UF_CRM_CHANNEL: [site, telegrm]
notify: {users: [1, 99], text: x}
"""
    places = [(fault.line, fault.column, fault.path) for fault in check(portal, rule)]
    assert places == [
        (4, 7, "when"),
        (7, 28, "crm.contact.match.1.field"),
        (9, 7, "crm.contact.set.FRST_NAME"),
        (10, 30, "crm.contact.set.UF_CRM_CHANNEL.1"),
        (11, 21, "notify.users.1"),
    ]


def test_a_line_that_is_switched_off_takes_nobody(portal: Portal, sandbox: SandboxServer) -> None:
    sandbox.set_line(2, active=False)
    try:
        [fault] = check(portal, "line: 2")
    finally:
        sandbox.set_line(2, active=True)
    assert (fault.said[0], fault.mend[0]) == (
        "Open line 2 (Поддержка) is switched off",
        "Known: 1 (Продажи), 3 (Возвраты)",
    )


TAGGED = "tags: [x]"
SETTINGS = [
    ("", []),
    ("version: 1\ntag_fields: {contact: UF_CRM_TAGS, deal: UF_CRM_NEW, '1036': UF_CRM_1_TAGS}", []),
    ("version: 1\ntag_fields: {contact: UF_CRM_SHOP_ID}", ["tag_fields.contact"]),
    ("version: 1\ntag_fields: {contact: UF_CRM_AGE}", ["tag_fields.contact"]),
    ("version: 1\ntag_fields: {contact: UF_OTHER_TAGS}", ["tag_fields.contact"]),
    ("version: 1\ntag_fields: {contact: ufCrmTags}", ["tag_fields.contact"]),
    ("version: 1\ntag_fields: {'1036': UF_CRM_9_TAGS}", ["tag_fields.1036"]),
    ("version: 1\ntag_fields: {'1038': UF_CRM_9_TAGS}", ["tag_fields.1038"]),
    ("version: 1\ncategories: {complaint: {title: x, owner: 1}}", []),
    ("version: 1\ncategories: {complaint: {title: x, owner: 3}}", ["categories.complaint.owner"]),
]


@pytest.mark.parametrize(("settings", "paths"), SETTINGS)
def test_settings_are_looked_at_too(portal: Portal, settings: str, paths: list[str]) -> None:
    faults = check(portal, TAGGED, settings)
    assert [fault.path for fault in faults] == paths
    assert {fault.file for fault in faults} <= {"_settings.yaml"}


PARCELS = """process: parcels
type: 1036
title: Отгрузки
fields:
  - {name: CARRIER, type: enumeration, title: Служба, options: [dhl]}
  - {name: TRACK_NO, title: Трек}
stages: [{id: SENT, title: Отправлена}]
---
on: message.received
"""
ITEM = "external: {{system: a, id: b}}, match: [external{}], set: {{{}}}"


def parcels(fields: str, match: str = "") -> str:
    return f"crm: {{item: {{process: parcels, {ITEM.format(match, fields)}}}}}"


def described(portal: Portal, rule: str, text: str = PARCELS) -> list[str]:
    found = differences(load({**packaged(), "parcels.yaml": f"{text}{rule}"}, KINDS), portal)
    return [fault.words("en") for fault in found]


def card(line: str, order: str = "id") -> str:
    return f"card: {{process: parcels, order: {{{order}: desc}}, line: '{line}'}}"


@pytest.mark.parametrize(
    "rule",
    [
        parcels("stageId: SENT, UF_TRACK_NO: x, UF_CARRIER: dhl"),
        parcels("stageId: CLIENT, UF_CARRIER: cdek, UF_CRM_1_CARRIER: cdek"),
        parcels("title: x", match=", {field: UF_TRACK_NO, is: x}"),
        card("{{ item.title }} {{ item.stage }} {{ item.UF_TRACK_NO }} {{ item.UF_CARRIER }}", order="createdTime"),
    ],
)
def test_what_the_set_describes_itself_will_be_there(portal: Portal, rule: str) -> None:
    assert described(portal, rule) == []
    assert described(portal, rule, PARCELS.replace("1036", "1044")) == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (parcels("stageId: SNT"), "The process has no stage SNT. Did you mean SENT"),
        (parcels("UF_TRACK: x"), "An item of 1036 has no field UF_TRACK"),
        (parcels("UF_CARRIER: dhll"), "UF_CARRIER has no option dhll"),
        (card("{{ item.UF_TRACK }}"), "An item of 1036 has no field UF_TRACK"),
        (card("{{ item.title }}", order="creatdTime"), "An item of 1036 has no field creatdTime"),
    ],
)
def test_what_neither_the_set_nor_the_portal_has_is_told(portal: Portal, rule: str, said: str) -> None:
    (words,) = described(portal, rule)
    assert said in words
