from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from connector.domain.request import Request
from tests.integration.house.crowd import Conversation, Crowd
from tests.integration.house.house import House
from tests.integration.house.talk import Talk, Talks
from tests.integration.house.waiting import until

LANES, MESSAGES = 20, 500


def test_two_workers_keep_the_order_of_each_lane(house: House, talks: Talks):
    crowd = [talks.new(("shop", "site")[n % 2]) for n in range(LANES)]
    said = {talk: [f"message {n}" for n in range(MESSAGES // LANES)] for talk in crowd}
    conversations = [Conversation(talk.account, talk.name, texts) for talk, texts in said.items()]
    talking = Crowd(house.url, lambda a, c, text: Talk(house, a, c).words(text), conversations, 0.0, random.Random(1))
    talking.start()
    talking.finish(40)
    until(lambda: all(len(talk.shown()) >= len(texts) for talk, texts in said.items()), seconds=40, what="all arrived")
    assert {talk.chat: talk.shown() for talk in crowd} == {talk.chat: texts for talk, texts in said.items()}


def part_of_album(talk: Talk, name: str, content: bytes, caption: str) -> Request:
    request = talk.house.standin("shop").attach(talk.name, name, content, caption)
    update = json.loads(request.body)
    update["message"]["media_group_id"] = f"album-{talk.name}"
    return replace(request, body=json.dumps(update).encode())


def test_an_album_of_three_photos_is_one_message_with_three_files(house: House, talks: Talks):
    talk = talks.new("shop")
    talk.say("before")
    pictures = [b"\xff\xd8\xff\xe0" + bytes([n]) * (1000 + n) for n in range(3)]
    captions = ["all three", "", ""]
    parts = [part_of_album(talk, f"{n}.jpg", pictures[n], captions[n]) for n in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(talk.deliver, parts))
    talk.say("after")
    talk.settles("before", "all three", "after")
    assert [file["size"] for file in talk.rows("client")[1]["files"]] == [len(data) for data in pictures]
