"""What strangers write comes into the CRM as words: no link, no mention, whatever brings it."""

from __future__ import annotations

from connector.domain.values import Person
from tests.integration.mapping.world import World

TEXTS = """
crm:
  contact: {match: [external], external: {system: shop, id: "%(id)s"}, set: {NAME: "%(said)s"}}
activity: {on: contact, title: "%(said)s", text: "[b]Said[/b]: %(said)s"}
timeline: {on: contact, text: "[b]Said[/b]: %(said)s"}
task: {title: "%(said)s", text: "[b]Said[/b]: %(said)s", owner: 1}
notify: {users: [1], text: "[b]Said[/b]: %(said)s"}
"""
OF_CLIENTS = "on: message.received" + TEXTS % {"id": "{{ event.client.id }}", "said": "{{ event.text | trim }}"}
OF_ROWS = "on: record.shipments" + TEXTS % {"id": "{{ record.id }}", "said": "{{ record.status }}"}
HOSTILE = "[url=https://evil.example]Открыть сделку[/url]\n[USER=1]x[/USER]"
SHOWN = "[b]Said[/b]: " + HOSTILE.replace("[", "[\u200b")
PLACES = {
    "crm.activity.todo.add": ("description",),
    "crm.timeline.comment.add": ("fields", "COMMENT"),
    "tasks.task.add": ("fields", "DESCRIPTION"),
    "im.notify.system.add": ("MESSAGE",),
}


def texts(writes: list[tuple[str, object]]) -> dict[str, object]:
    """What each place was told."""
    found: dict[str, object] = {}
    for method, params in writes:
        if method in PLACES:
            for step in PLACES[method]:
                assert isinstance(params, dict)
                params = params[step]
            found[method] = params
    return found


def test_a_client_and_a_row_bring_words_into_every_place_and_a_dry_run_says_the_same(world: World) -> None:
    world.rules(clients=OF_CLIENTS, rows=OF_ROWS)
    client = world.message(HOSTILE, Person(id="501", first_name="Anna"), "77")
    for event in (client, world.record("shipments", "17", status=HOSTILE)):
        tried = world.tried(event).tried
        said = texts([(write.method, dict(write.params)) for write in tried.writes])
        written = list(world.done(event))
        assert said == texts(written) == dict.fromkeys(PLACES, SHOWN)
        assert [params["fields"]["TITLE"] for method, params in written if method == "tasks.task.add"] == [HOSTILE]
        assert texts(list(world.done(event, turn="+"))) == {}  # said again it is nothing new
    assert world.parked() == []
    [comment] = world.crm(
        "crm.timeline.comment.list", filter={"ENTITY_ID": contact(world, "501"), "ENTITY_TYPE": "contact"}
    )
    assert comment["COMMENT"] == SHOWN


def contact(world: World, number: str) -> int:
    """Who is known in the shop by that number."""
    [row] = world.crm("crm.item.list", entityTypeId=3, filter={"originatorId": "shop", "originId": number})["items"]
    return int(row["id"])
