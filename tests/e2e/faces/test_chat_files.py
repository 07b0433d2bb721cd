"""Files in the chat of a site: chosen, dropped, pasted, refused with words."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.faces.desk_stage import PNG
from tests.e2e.faces.shop_site import Chat, Embedded
from tests.services import until

HAND_OVER = """([kind, name, type, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const root = document.querySelector("connector-chat").shadowRoot;
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  root.querySelector("textarea").dispatchEvent(event);
}"""


def test_files_chosen_dropped_and_pasted_go_along_with_the_text(embedded: Embedded):
    chat, house = embedded()
    chat.open()
    chosen(chat, "фото.png", "image/png", PNG)
    for kind, name in (("drop", "акт.pdf"), ("paste", "снимок.png")):
        content = PNG if name.endswith("png") else b"%PDF-1.4 act"
        mime = "image/png" if name.endswith("png") else "application/pdf"
        chat.face.page.evaluate(HAND_OVER, [kind, name, mime, list(content)])
    expect(chat.face.page.locator("connector-chat .chip")).to_have_count(3)
    chat.area.fill("Коробка мятая")
    chat.area.press("Enter")
    expect(chat.log.get_by_role("img", name="фото.png")).to_be_visible()
    expect(chat.log.get_by_role("img", name="снимок.png")).to_be_visible()
    expect(chat.log.get_by_role("link", name="акт.pdf")).to_be_visible()
    visitor = house.arrived("Коробка мятая")
    until(lambda: names(house.messages(visitor, "client")) >= {"фото.png", "акт.pdf", "снимок.png"}, "three files", 20)


def test_a_file_alone_is_a_message_and_a_removed_one_is_not_sent(embedded: Embedded):
    chat, house = embedded()
    chat.open()
    chosen(chat, "лишний.txt", "text/plain", b"1")
    chat.button("Убрать").click()
    chosen(chat, "нужный.txt", "text/plain", b"2")
    expect(chat.face.page.locator("connector-chat progress")).to_have_count(0)
    chat.button("Отправить").click()
    expect(chat.log.get_by_role("link", name="нужный.txt")).to_be_visible()
    until(lambda: bool(house.visitors()), "it has arrived", 20)
    assert names(house.messages(house.visitors()[0], "client")) == {"нужный.txt"}


def test_a_file_too_large_or_of_a_wrong_kind_is_refused_with_words(embedded: Embedded):
    chat, _ = embedded()
    chat.open()
    chat.face.page.evaluate("() => { File.prototype.__defineGetter__('size', () => 1e9); }")
    chosen(chat, "кино.mp4", "video/mp4", b"0")
    alert = chat.face.page.locator("connector-chat").get_by_role("alert")
    expect(alert).to_contain_text("кино.mp4: больше, чем")
    chat.face.page.evaluate("() => { delete File.prototype.size; }")
    chat.face.page.evaluate(HAND_OVER, ["drop", "virus.exe", "application/x-msdownload", [77, 90]])
    expect(alert).to_contain_text("virus.exe: ")
    expect(chat.face.page.locator("connector-chat .chip")).to_have_count(0)


def test_how_far_a_slow_upload_is_can_be_seen_and_the_message_waits_for_it(embedded: Embedded):
    chat, house = embedded()
    chat.open().say("Сейчас пришлю")
    held: list = []
    chat.face.page.route(
        "**/files", lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    chosen(chat, "фото.png", "image/png", PNG)
    expect(chat.face.page.get_by_role("progressbar", name="фото.png")).to_be_visible()
    chat.area.fill("Вот")
    chat.area.press("Enter")
    expect(chat.area).to_have_value("Вот")
    until(lambda: chat.face.listens() >= 0 and bool(held), "the upload has begun")
    held[0].continue_()
    expect(chat.log.get_by_text("Вот", exact=True)).to_be_visible()
    house.arrived("Вот")


def chosen(chat: Chat, name: str, mime: str, content: bytes) -> None:
    """Choose a file as by the button."""
    chat.face.page.locator("connector-chat input[type=file]").set_input_files(
        {"name": name, "mimeType": mime, "buffer": content}
    )


def names(rows: list) -> set[str]:
    """The names of the files in the portal's messages."""
    return {str(file["name"]) for row in rows for file in row["files"]}
