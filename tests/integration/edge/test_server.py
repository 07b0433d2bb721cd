"""The web server of the Procfile: gunicorn, gevent, two processes, a real database."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from connector.journal import Vault
from connector.media import Media
from tests.integration.edge.processes import HEADERS, KEY, Place, children, update, wait_for
from tests.services import Postgres

SENDERS = 8
POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
ON_SQLITE = pytest.mark.parametrize("lasting", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("lasting", [POSTGRES], indirect=True)


@pytest.fixture(scope="module", params=["sqlite", POSTGRES])
def lasting(request: pytest.FixtureRequest, lasting_place: Place) -> Iterator[Place]:
    """A place with a database of each kind; its web server outlives the tests that do not end it."""
    if request.param == "sqlite":
        yield lasting_place
        return
    server, template = (request.getfixturevalue(name) for name in ("postgres_server", "postgres_template"))
    (folder := lasting_place.folder / "postgres").mkdir()
    made = Place(folder, server.create(template), lasting_place.env["REDIS_URL"])
    yield made
    made.close()
    server.drop(made.database)


@pytest.fixture
def place(lasting: Place) -> Place:
    """There a web server answers, and nothing has come yet."""
    lasting.serve()
    lasting.empty()
    return lasting


def post(place: Place, number: int) -> requests.Response:
    return requests.post(place.url("/hooks/shop"), json=update(number), headers=HEADERS, timeout=15)


def kept(place: Place) -> list[int]:
    """The messages that wait for the portal, in their order."""
    journal = place.journal()
    lease = wait_for(lambda: journal.lease("portal:main"), lambda: "nobody else has the destination")
    found = journal.claim(lease, lanes=10, per_lane=100_000)
    journal.leave(lease, force=True)
    journal.close()
    return [int(delivery.event.message_id) for delivery in found if delivery.event.kind == "message.received"]


def test_what_was_acknowledged_is_on_disk_whatever_kills_the_server(place: Place):
    web = place.serve()
    acknowledged: list[int] = []

    def send(sender: int) -> None:
        with requests.Session() as session:
            for number in range(sender * 10_000, sender * 10_000 + 10_000):
                try:
                    answer = session.post(place.url("/hooks/shop"), json=update(number), headers=HEADERS, timeout=15)
                except requests.RequestException:
                    return
                if answer.status_code == 200:
                    acknowledged.append(number)

    with ThreadPoolExecutor(SENDERS) as senders:
        for sender in range(SENDERS):
            senders.submit(send, sender)
        wait_for(lambda: len(acknowledged) > 200, lambda: place.log("web"))
        os.killpg(web.pid, signal.SIGKILL)
        web.wait(10)

    assert set(acknowledged) <= set(kept(place))


def test_a_repeat_is_acknowledged_by_either_process_and_kept_once(place: Place):
    with ThreadPoolExecutor(SENDERS) as senders:
        answers = list(senders.map(lambda _: post(place, 7).status_code, range(40)))
    assert set(answers) == {200}
    assert kept(place) == [7]


@ON_SQLITE
def test_both_processes_count_together(place: Place):
    before = refused(place)
    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(lambda _: requests.post(place.url("/hooks/shop"), data=b"{}", timeout=15), range(40)))
    assert refused(place) == before + 40


def refused(place: Place) -> float:
    """How many strangers the metrics tell of."""
    name = 'connector_envelopes_total{account="shop",cause="telegram.secret",outcome="refused"} '
    lines = requests.get(place.url("/metrics"), timeout=15).text.splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


@ON_SQLITE
def test_the_size_limit_holds_for_a_body_that_does_not_tell_its_size(place: Place):
    def endless():
        for _ in range(40):
            yield b"x" * 65536

    answer = requests.post(place.url("/hooks/shop"), data=endless(), headers=HEADERS, timeout=15)
    assert (answer.status_code, answer.json()["error"]) == (413, "body.too_large")
    assert post(place, 1).status_code == 200


@ON_SQLITE
def test_a_file_is_served_whole_and_in_part(place: Place):
    ttl = timedelta(hours=1)
    media = Media(
        place.folder / "var" / "media", place.url(""), Vault([KEY]).derive("media"), lambda: datetime.now(UTC), ttl
    )
    content = b"\x89PNG\r\n\x1a\n" + os.urandom(300_000)
    kept_file = media.keep("picture.png", "", [content], limit=10**6)
    whole = requests.get(kept_file.url, timeout=15)
    assert (whole.status_code, whole.content, whole.headers["Content-Type"]) == (200, content, "image/png")
    part = requests.get(kept_file.url, headers={"Range": "bytes=100000-100009"}, timeout=15)
    assert (part.status_code, part.content) == (206, content[100_000:100_010])


@ON_SQLITE
def test_a_process_that_dies_is_replaced(place: Place):
    web = place.serve()
    before = wait_for(lambda: len(children(web.pid)) == 2 and children(web.pid), lambda: place.log("web"))
    os.kill(before[0], signal.SIGKILL)
    wait_for(lambda: len(set(children(web.pid)) - set(before)) == 1, lambda: place.log("web"))
    assert {post(place, number).status_code for number in range(6)} == {200}


@ON_SQLITE
def test_told_to_stop_it_stops(place: Place):
    web = place.serve()
    web.terminate()
    assert web.wait(15) == 0


def test_wrong_settings_are_told_once_and_nothing_starts(small_place: Place):
    (small_place.folder / "connector.yaml").write_text("portals: {main: {ulr: x}}\n")
    assert small_place.start("web").wait(30) == 1
    assert "ulr" in small_place.log("web")
    assert "Traceback" not in small_place.log("web")


@ON_POSTGRES
def test_while_the_database_is_away_nothing_is_lost_and_order_holds(place: Place, postgres_server: Postgres):
    assert post(place, 1).status_code == 200
    postgres_server.stop()
    try:
        assert [post(place, number).status_code for number in (2, 3)] == [200, 200]
    finally:
        postgres_server.start()
    wait_for(lambda: not list((place.folder / "var" / "spool").glob("*.jsonl")), lambda: place.log("web"))
    assert post(place, 4).status_code == 200
    assert kept(place) == [1, 2, 3, 4]
