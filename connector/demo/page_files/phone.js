// The telephone: bubbles as the server tells them, and a line to write in.

import { byId, el, follow, language, post, say } from "/files/say.js";

const MOST = 8 * 1024 * 1024;
const LOOKS = { bold: "b", italic: "i", underline: "u", strike: "s", code: "code" };
const clock = new Intl.DateTimeFormat(language, { timeStyle: "short", hourCycle: "h23" });
let editing = 0;

function piece(part) {
  return Object.entries(LOOKS).reduce(
    (inner, [look, tag]) => (part[look] ? el(tag, {}, inner) : inner), document.createTextNode(part.text));
}

function fileNode(id, file) {
  const address = `/phone/file?id=${id}`;
  if (file.image) return el("img", { src: address, alt: file.name });
  return el("a", { className: "file", href: address, download: file.name }, file.name);
}

function bubble(row) {
  const foot = el("div", { className: "foot" });
  const plain = row.text.map((part) => part.text).join("");
  if (row.mine && plain) {
    const change = el("button", { type: "button", ariaLabel: `${say("edit")}: ${plain.slice(0, 40)}` }, say("edit"));
    change.addEventListener("click", () => edit(row.id, plain));
    foot.append(change);
  }
  const time = clock.format(new Date(row.at * 1000));
  foot.append(el("span", {}, `${row.edited ? `${say("edited")} ` : ""}${time}${row.mine ? " ✓" : ""}`));
  return el("li", { className: row.mine ? "bubble mine" : "bubble" },
    row.file ? fileNode(row.id, row.file) : null,
    el("div", { className: "words" }, ...row.text.map(piece)), foot);
}

function draw(rows) {
  const list = byId("bubbles");
  byId("empty").hidden = rows.length > 0;
  const known = new Map([...list.children].map((node) => [node.print, node]));
  list.replaceChildren(...rows.map((row) => {
    const print = JSON.stringify(row);
    const node = known.get(print) ?? bubble(row);
    node.print = print;
    return node;
  }));
  toEnd();
}

function toEnd() {
  byId("scroll").scrollTop = byId("scroll").scrollHeight;
}

function complain(text) {
  byId("error").hidden = !text;
  byId("error").textContent = text;
}

function edit(id, text) {
  editing = id;
  byId("editing").hidden = !id;
  byId("clip").hidden = Boolean(id);
  byId("text").value = text;
  byId("text").focus();
}

/** Empty the line of what was sent; what was written meanwhile stays. */
function clear(sent) {
  if (byId("text").value.trim() === sent) edit(0, "");
}

async function send(body) {
  const status = await post("/phone/say", body);
  complain(status === 200 ? "" : say("unreached"));
  return status === 200;
}

function content(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onerror = () => reject(reader.error);
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.readAsDataURL(file);
  });
}

byId("write").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = byId("text").value.trim();
  if (!text || byId("send").disabled) return;
  byId("send").disabled = true;
  if (await send(editing ? { edit: editing, text } : { text })) clear(text);
  byId("send").disabled = false;
});
byId("bubbles").addEventListener("load", toEnd, true);
new ResizeObserver(toEnd).observe(byId("scroll"));
byId("cancel").addEventListener("click", () => edit(0, ""));
byId("file").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  const text = byId("text").value.trim();
  target.value = "";
  if (file.size > MOST) complain(say("too_big"));
  else if (await send({ text, name: file.name, content: await content(file) })) clear(text);
});
for (const button of document.querySelectorAll(".phrase")) {
  button.addEventListener("click", () => send({ text: button.textContent }));
}
follow("/phone/events", draw);
