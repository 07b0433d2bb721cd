"""A journal as after three busy months: millions of envelopes, made by the database itself in a few minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.bench.services import BenchError

ACCOUNTS, PORTALS, CONVERSATIONS = 20, ("main", "second"), 250_000
PBXS, GOING = ("office", "branch", "quiet"), 60  # nobody calls the last one
PARKED, CAUSES, WAITING, LANES, AUDITED, UNREAD = 10_000, 12, 50_000, 20_000, 100_000, 500
_DAYS = 90
_SLICE = 250_000
_FIXED = {
    "accounts": ACCOUNTS,
    "audited": AUDITED,
    "causes": CAUSES,
    "conversations": CONVERSATIONS,
    "days": _DAYS,
    "lanes": LANES,
    "parked": PARKED,
    "unread": UNREAD,
    "waiting": WAITING,
}
_TABLES = ("envelopes", "deliveries", "calls", "ledger", "audit")

# While the rows go in: no flushes, no checks, no secondary indexes. What is measured runs with the usual settings.
_HURRY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "4GB"}
_BEFORE = "SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET work_mem = '128MB'"

# One row of ``numbered`` is one envelope: its number, its time, which conversation it is of, and whose that is.
_NUMBERED = """
CREATE OR REPLACE FUNCTION numbered(first bigint, last bigint, of bigint, until double precision)
RETURNS TABLE (i bigint, at double precision, shop text, portal text, person bigint, outwards boolean, trace text)
LANGUAGE sql AS $$
  SELECT i, at, 'shop' || shop, CASE WHEN shop % 4 = 3 THEN 'second' ELSE 'main' END, person, i % 3 = 0,
         lpad(to_hex((at * 1000)::bigint), 12, '0') || left(md5(i::text), 14)
  FROM (SELECT i, at, person, floor({accounts} * power((hashint8(person) & 1023) / 1024.0, 2))::int AS shop
        FROM (SELECT i, until - {days} * 86400.0 * (of - i) / of AS at,
                     CASE WHEN i > of - {waiting} THEN i % {lanes}
                          ELSE mod(hashint8(i * 7) & 2147483647, {conversations}) END AS person
              FROM generate_series(first, last) AS i) AS timed) AS drawn
$$"""

_ENVELOPES = """
INSERT INTO envelopes (trace, account, dedupe_key, method, path, query, headers, body, remote, received_at,
  created_at, state, cause, hint, detail)
SELECT trace, CASE WHEN outwards THEN 'portal:' || portal ELSE shop END, i::text, 'POST',
  CASE WHEN outwards THEN '/bitrix24/events' ELSE '/hooks/' || shop END, '',
  '{{"content-type":"application/json","user-agent":"bench","x-telegram-bot-api-secret-token":"***"}}',
  convert_to('{{"update_id":' || i || ',"message":{{"message_id":' || i || ',"from":{{"id":' || person
    || ',"first_name":"Мария"}},"text":"' || repeat('Где мой заказ? ', 8) || '"}}}}', 'UTF8'),
  '203.0.113.9', at, at + 0.002,
  CASE WHEN i % ({of} / {unread}) = 1 THEN 'parked' WHEN i % 200 = 7 THEN 'ignored' ELSE 'accepted' END,
  CASE WHEN i % ({of} / {unread}) = 1 THEN 'parse.failed' ELSE '' END,
  CASE WHEN i % ({of} / {unread}) = 1 THEN '["Update the connector", "Обновите коннектор"]' ELSE '' END, ''
FROM numbered({first}, {last}, {of}, {until})"""

_DELIVERIES = """
INSERT INTO deliveries (id, trace, destination, lane, position, kind, event, state, attempts, due_at, created_at,
  settled_at, album, cause, hint, detail, flagged)
SELECT i, trace, CASE WHEN outwards THEN 'account:' || shop ELSE 'portal:' || portal END, shop || '.' || person, i,
  CASE WHEN outwards THEN 'reply.written' ELSE 'message.received' END,
  CASE WHEN outwards THEN
    '{{"portal":"' || portal || '","connector":"c_telegram","line":"1","account":"' || shop || '","conversation":"'
    || person || '","im":{{"chat_id":"' || person || '","message_id":"' || i || '"}},"kind":"reply.written","text":"'
    || repeat('Уже в пути. ', 6) || '","author":"7"}}'
  ELSE
    '{{"account":"' || shop || '","conversation":"' || person || '","position":' || i
    || ',"kind":"message.received","message_id":"' || i || '","client":{{"id":"' || person
    || '","first_name":"Мария"}},"text":"' || repeat('Где мой заказ? ', 8) || '"}}' END,
  state, CASE state WHEN 'waiting' THEN 0 ELSE 1 END, at, at + 0.002,
  CASE state WHEN 'waiting' THEN NULL ELSE at + 0.2 + (hashint8(i) & 511) / 500.0 END, '',
  CASE state WHEN 'parked' THEN 'cause.' || lpad(((hashint8(i) & 1023) % {causes})::text, 2, '0') ELSE '' END,
  CASE state WHEN 'parked' THEN '["Look at the line and replay", "Проверьте линию и повторите"]' ELSE '' END,
  CASE state WHEN 'parked' THEN 'the portal said no to ' || i ELSE '' END, ''
FROM (SELECT *, CASE WHEN i > {of} - {waiting} THEN 'waiting' WHEN i % ({of} / {parked}) = 3 THEN 'parked'
                ELSE 'done' END AS state
      FROM numbered({first}, {last}, {of}, {until})) AS numbered
WHERE i % ({of} / {unread}) <> 1 AND i % 200 <> 7"""

# One envelope in ten belongs to a call that was finished; one call in seven was missed, the others have a recording.
_FINISHED = """
INSERT INTO deliveries (id, trace, destination, lane, position, kind, event, state, attempts, due_at, created_at,
  settled_at, album, cause, hint, detail, flagged)
SELECT {of} + i / 5 + recording, trace, 'portal:main',
  CASE recording WHEN 0 THEN 'client.' || phone
                 ELSE 'recording.' || pbx || '.' || i || '.' || left(md5(i::text), 16) END,
  0, CASE recording WHEN 0 THEN 'call.finished' ELSE 'call.recording_due' END,
  '{{"portal":"main","account":"' || pbx || '","call":"' || i || '","call_id":"externalCall.' || i || '",'
    || CASE recording WHEN 0 THEN
    '"kind":"call.finished","direction":"' || CASE WHEN i % 3 = 0 THEN 'outgoing' ELSE 'incoming' END || '","phone":"'
    || phone || '","name":"Мария","line":"74951112233","employee":"10' || i % 10 || '","user":' || 1 + i % 10
    || ',"status":"' || CASE WHEN missed THEN '304' ELSE '200' END || '","talk":' || CASE WHEN missed THEN 0 ELSE 60 END
    || ',"wait":4,"missed":' || missed || ',"started_at":"' || began || '","ended_at":"' || began
    || '","entity":"CONTACT","entity_id":' || person || ',"past":false}}'
  ELSE
    '"kind":"call.recording_due","recording":{{"ref":"' || i || '.wav","name":"' || i || '.wav","mime":"audio/wav",'
    || '"size":null,"kind":"audio"}}}}' END,
  'done', 1, at, at + 0.002, at + 0.3, '', '', '', '', ''
FROM (SELECT *, CASE WHEN i % 3 = 1 THEN 'branch' ELSE 'office' END AS pbx,
             '+7916' || lpad(person::text, 7, '0') AS phone, i % 7 = 5 AND i % 3 <> 0 AS missed,
             to_char(to_timestamp(at), 'YYYY-MM-DD"T"HH24:MI:SS+00:00') AS began
      FROM numbered({first}, {last}, {of}, {until})) AS numbered, generate_series(0, 1) AS recording
WHERE i % 10 = 9 AND NOT (missed AND recording = 1)"""

_CALLS = """
INSERT INTO calls (trace, delivery_id, what, started_at, seconds, outcome, request_id)
SELECT trace, i, CASE WHEN outwards THEN 'send' ELSE 'imconnector.send.messages' END, at + 0.1, 0.12, 'ok',
  CASE WHEN outwards THEN '' ELSE md5('r' || i) END
FROM numbered({first}, {last}, {of}, {until}) WHERE i % 2 = 0 AND i <= {of} - {waiting}"""

_LEDGER = """
INSERT INTO ledger (key, delivery_id, trace, what, state, result, note, planned_at, done_at, request_id)
SELECT CASE WHEN outwards THEN 'out:' || portal || ':' || i || ':0'
            ELSE 'in:' || shop || ':' || person || ':' || i END,
  i, trace, CASE WHEN outwards THEN 'send' ELSE 'imconnector.send.messages' END, 'done',
  '{{"CHAT_ID":' || person || ',"ID":' || i || '}}', '', at + 0.1, at + 0.22,
  CASE WHEN outwards THEN '' ELSE md5('r' || i) END
FROM numbered({first}, {last}, {of}, {until}) WHERE i % 2 = 0 AND i <= {of} - {waiting}"""

_AUDIT = """
INSERT INTO audit (at, who, what, why, target, trace, detail)
SELECT {until} - 90 * 86400.0 * ({audited} - i) / {audited}, 'operator' || i % 30,
  (ARRAY['replay', 'discard', 'signed_in', 'rebind'])[1 + i % 4], 'reason ' || i, 'delivery:' || i, '', ''
FROM generate_series(1, {audited}) AS i"""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What there is to look for: a finished envelope from the middle with its names, the newest trace, a delivery
    that waits, a parked one, a finished call from the middle and the lane of its client."""

    rows: int
    trace: str
    newest: str
    dedupe: str
    request: str
    lane: str
    person: str
    waits: int
    parked: int
    call: int
    client: str


def fill(url: str, rows: int, say: Callable[[str], None]) -> Filled:
    """Fill the empty journal at ``url`` (its schema in place) with so many envelopes, and analyse it."""
    if rows < 3 * WAITING:
        raise BenchError(f"At least {3 * WAITING:,} envelopes are needed, since {WAITING:,} wait: set CONSOLE_ROWS")
    until = time.time()
    with psycopg.connect(url, autocommit=True) as db:
        _hurry(db, on=True)
        db.execute(_BEFORE)
        db.execute(_worded(_NUMBERED))
        made = _without_indexes(db)
        for first in range(1, rows + 1, _SLICE):
            last = min(rows, first + _SLICE - 1)
            for statement in (_ENVELOPES, _DELIVERIES, _FINISHED, _CALLS, _LEDGER):
                db.execute(_worded(statement, first=first, last=last, of=rows, until=until))
            say(f"{last:,} of {rows:,} envelopes")
        db.execute(_worded(_AUDIT, until=until))
        for place, statement in enumerate(made, 1):
            db.execute(statement.encode())
            say(f"{place} of {len(made)} indexes")
        db.execute("SELECT setval(pg_get_serial_sequence('deliveries', 'id'), max(id)) FROM deliveries")
        db.execute("DROP FUNCTION numbered")
        db.execute("VACUUM ANALYZE")
        _hurry(db, on=False)
        return _known(db)


def size_of(url: str) -> int:
    """Bytes on disk of the database at ``url``."""
    with psycopg.connect(url) as db:
        found = db.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(found[0]) if found else 0


def _worded(statement: str, **values: float) -> bytes:
    return statement.format(**_FIXED, **values).encode()


def _hurry(db: psycopg.Connection[Any], *, on: bool) -> None:
    for name, value in _HURRY.items():
        db.execute((f"ALTER SYSTEM SET {name} = '{value}'" if on else f"ALTER SYSTEM RESET {name}").encode())
    db.execute("SELECT pg_reload_conf()")
    db.execute("CHECKPOINT")


def _without_indexes(db: psycopg.Connection[Any]) -> list[str]:
    """Drop the secondary indexes of the large tables; returns the statements that make them again."""
    found = db.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname LIKE 'ix_%%'",
        [list(_TABLES)],
    ).fetchall()
    for name, _ in found:
        db.execute(f"DROP INDEX {name}".encode())
    return [str(statement) for _, statement in found]


def known(url: str) -> Filled:
    """What there is to look for in a database that was filled before."""
    with psycopg.connect(url) as db:
        return _known(db)


def _known(db: psycopg.Connection[Any]) -> Filled:
    rows = _one(db, "SELECT count(*) FROM envelopes")[0]
    middle = _one(
        db,
        "SELECT calls.trace, delivery_id, lane, calls.request_id FROM calls "
        "JOIN deliveries ON delivery_id = deliveries.id "
        f"WHERE delivery_id >= {rows // 2} AND calls.request_id <> '' AND state = 'done' ORDER BY calls.id LIMIT 1",
    )
    trace, number, lane, request = map(str, middle)
    finished = f"kind = 'call.finished' AND id >= {rows + rows // 10}"
    call, client = _one(db, f"SELECT id, lane FROM deliveries WHERE {finished} ORDER BY id LIMIT 1")
    return Filled(
        rows=rows,
        trace=trace,
        newest=_one(db, "SELECT max(trace) FROM envelopes")[0],
        dedupe=number,
        request=request,
        lane=lane,
        person=lane.partition(".")[2],
        waits=_one(db, "SELECT max(id) FROM deliveries WHERE state = 'waiting'")[0],
        parked=_one(db, "SELECT max(id) FROM deliveries WHERE state = 'parked'")[0],
        call=call,
        client=client,
    )


def _one(db: psycopg.Connection[Any], statement: str) -> tuple[Any, ...]:
    found = db.execute(statement.encode()).fetchone()
    if found is None:
        raise BenchError(f"nothing to look for: {statement}")
    return tuple(found)
