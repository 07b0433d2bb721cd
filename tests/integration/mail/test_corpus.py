"""Five hundred letters through intake, journal, pump and portal: none missed, none doubled, threads right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import services
from tests.integration.mail.letterbox import Letterbox, letterbox
from tests.mail.corpus import Case, judged, letters, shuffled, table, waves


def test_the_corpus_arrives_once_in_its_chats_in_another_order(
    tmp_path: Path,
    redis_server: services.Redis,
    journal_url: str,
    capsys: pytest.CaptureFixture[str],
):
    kind = journal_url.partition(":")[0]
    cases = shuffled(letters(), len(kind))
    if kind != "sqlite":  # of every second conversation, all of it
        stories = {*sorted({case.story for case in cases})[::2]}
        cases = [case for case in cases if case.story in stories]
    with letterbox(tmp_path, redis_server, journal_url) as box:
        for wave in waves(cases):
            _bring_twice(box, wave)
        told, parked = box.said(), box.parked()
        wrong = judged(cases, told, [str(row) for row in parked])
        with capsys.disabled():
            print(f"\nthe corpus, {kind}:\n{table(cases, wrong)}")
        assert not wrong, "\n".join(wrong)
        assert {row["cause"] for row in parked} == {"mail.spam"}
        assert len(parked) == sum(case.expect.outcome == "quarantine" for case in cases)


def _bring_twice(box: Letterbox, cases: list[Case]) -> None:
    for uid, case in enumerate(cases):
        box.bring(case.raw, case.folder, uid)
        if uid >= 10:
            again = cases[uid - 10]
            box.bring(again.raw, again.folder, uid - 10)
    for case in cases[-10:]:
        box.bring(case.raw, case.folder)
    box.done()
