"""The chat of a site in a real browser: what a visitor writes is seen by the operator, and the other way round."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.faces.shop_site import Embedded


def test_a_message_reaches_the_operator_and_its_marks_are_true(embedded: Embedded):
    chat, house = embedded()
    house.pumping.pause()
    chat.open().say("Есть ли доставка в Казань?")
    chat.marked("Есть ли доставка в Казань?", "kept")
    chat.face.screen("chat-x1")
    house.pumping.resume()
    visitor = house.arrived("Есть ли доставка в Казань?")
    chat.marked("Есть ли доставка в Казань?", "delivered")
    house.reply(visitor, "Да, за два дня.")
    chat.marked("Есть ли доставка в Казань?", "read")
    expect(chat.log.get_by_text("Да, за два дня.")).to_be_visible()
    chat.face.screen("chat-x2")
