// The screen from the state. Rows that did not change keep their element, and with it focus and loaded pictures.

import { el, rich, say, size, when } from "/desk/rich.js";

const byId = (id) => document.getElementById(id);
const [LONG, LINES] = [1500, 20]; // characters and lines from which on a message is folded
let atEnd = true; // the newest message stays in sight until the operator scrolls away from it

/** Make the children of `parent` those of `rows`, by their ids; an unchanged row (and `extra`) keeps its element. */
export function keyed(parent, rows, draw, extra = "") {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const nodes = rows.map((row) => {
    const print = JSON.stringify(row) + extra;
    const old = known.get(String(row.id));
    if (old?.print === print) return old;
    const made = draw(row);
    made.dataset.key = row.id;
    made.print = print;
    return made;
  });
  const active = document.activeElement;
  const held = active && parent.contains(active) ? active.closest("[data-key]") : null;
  nodes.forEach((node, place) => {
    if (parent.children[place] !== node) parent.insertBefore(node, parent.children[place] ?? null);
  });
  while (parent.children.length > nodes.length) parent.lastElementChild.remove();
  if (!held || document.activeElement === active) return;
  const again = nodes.find((node) => node.dataset.key === held.dataset.key);
  const act = active.dataset.act ? `[data-act="${active.dataset.act}"]` : "a, button";
  (active.isConnected ? active : again?.querySelector(act))?.focus();
}

/** A span with words. */
export const text = (className, value) => el("span", { className }, value);

/** A round sign with the first letters of a name, always of the same colour. */
function face(row) {
  const letters = row.client.split(/\s+/).map((word) => [...word].find((letter) => /[\p{L}\d]/u.test(letter)) ?? "");
  const sign = text(`face tint${row.id % 6}`, letters.filter(Boolean).slice(0, 2).join("").toUpperCase() || "?");
  sign.setAttribute("aria-hidden", "true");
  return sign;
}

/** Whence a chat is; one that has a name of its own tells here whose it is. */
const from = (row) => [row.name && row.client, row.connector, row.line].filter(Boolean).join(" · ");

function chatRow(row, chosen) {
  const last = row.last_deleted ? say("deleted") : row.last || (row.last_file && say("file", { name: row.last_file }));
  const badge = text("badge", String(row.unanswered));
  badge.setAttribute("aria-label", say("unanswered", { count: row.unanswered }));
  badge.setAttribute("role", "img");
  const pair = (left, right) => el("span", { className: "pair" }, left, right);
  const link = el("a", { className: "chat", href: `#${row.id}` }, face(row), el("span", { className: "told" },
    pair(text("name", row.name || row.client), text("dim", row.at ? when(row.at) : "")),
    pair(text("last", rich(last).textContent), row.unanswered ? badge : null),
    pair(text("dim", from(row)), text(`state ${row.state}`, say(`state_${row.state}`)))));
  if (row.id === chosen) link.setAttribute("aria-current", "true");
  return el("li", {}, link);
}

function fileNode(file) {
  if (!file.image) {
    return el("a", { className: "file", href: file.url, download: file.name }, `${file.name} (${size(file.size)})`);
  }
  const picture = el("img", { src: file.url, alt: file.name });
  return el("a", { className: "file", href: file.url, target: "_blank", rel: "noopener" }, picture);
}

/** What a message says; a long one (a letter) is folded until somebody wants all of it. */
function said(message) {
  const words = rich(message.text);
  if (message.text.length < LONG && message.text.split("\n").length < LINES) return el("div", {}, words);
  words.classList.add("folded");
  const more = el("button", { type: "button", className: "more-words", ariaExpanded: "false" }, say("unfold"));
  more.addEventListener("click", () => {
    const folded = words.classList.toggle("folded");
    more.ariaExpanded = String(!folded);
    more.textContent = say(folded ? "unfold" : "fold");
  });
  return el("div", {}, words, more);
}

function messageRow(message, chat, me) {
  const mine = message.author === "operator" && message.author_id === me;
  const name = mine ? say("you") : message.author === "system" ? say("system") : message.name;
  const kind = message.mark === "note" && message.author === "operator" ? "operator aside" : message.author;
  const foot = el("div", { className: "foot" }, text("", when(message.at)));
  if (message.edited && !message.deleted) foot.append(text("", say("edited")));
  if (message.mark === "note") foot.append(text("note", say("note_mark")));
  if (message.mark && message.mark !== "note") {
    const tick = message.mark === "sending" ? "◷ " : "✓✓ ";
    foot.append(text(message.mark, tick + say(message.mark)));
  }
  const deed = (act) => el("button", { type: "button", ariaLabel: `${say(act)}: ${message.text.slice(0, 40)}` }, say(act));
  const acts = text("acts", "");
  for (const [act, allowed] of [["edit", chat.may_edit], ["delete", chat.may_delete]]) {
    if (!mine || message.deleted || !allowed) continue;
    const button = deed(act);
    Object.assign(button.dataset, { act, message: message.id });
    acts.append(button);
  }
  if (acts.firstElementChild) foot.append(acts);
  const words = message.deleted ? el("div", {}, text("words dim", say("deleted"))) : said(message);
  return el("li", { className: `message ${kind}` },
    text("name", name), words, ...message.files.map(fileNode), foot);
}

/** The people and lines to choose from; `me` keeps its choice. Returns who I am now. */
export function drawPeople(state, me) {
  const select = byId("me");
  const active = state.operators.filter((person) => person.active);
  const now = active.some((person) => person.id === me) ? me : active[0]?.id ?? 0;
  const print = JSON.stringify(active);
  if (select.print !== print) {
    select.replaceChildren(...active.map((person) => el("option", { value: person.id }, person.name)));
    select.print = print;
  }
  select.value = String(now);
  return now;
}

/** The list on the left. */
export function drawChats(state, chosen) {
  byId("no-chats").hidden = state.total > 0;
  keyed(byId("chats"), state.chats, (row) => chatRow(row, chosen), `|${chosen}`);
  const more = byId("more-chats");
  more.hidden = state.chats.length === state.total;
  more.textContent = say("more_chats", { shown: state.chats.length, total: state.total });
}

/** The conversation on the right; without `chat` none is chosen, it is gone, or (`waits`) it is on its way. */
export function drawTalk(chat, chosen, me, waits) {
  document.body.classList.toggle("talking", chosen > 0);
  byId("open").hidden = !chat;
  byId("choose").hidden = Boolean(chat);
  byId("choose").textContent = waits ? "" : say(chosen ? "gone" : "choose");
  if (!chat) return;
  byId("client").textContent = chat.name || chat.client;
  const rated = chat.vote ? ` · ${say(`rated_${chat.vote}`)}` : "";
  byId("about").textContent =
    `${from(chat)} · ${say(`state_${chat.state}`)} · ${chat.operator || say("nobody")}${rated}`;
  const picture = byId("picture");
  picture.hidden = !chat.picture;
  if (chat.picture && picture.getAttribute("src") !== chat.picture) picture.src = chat.picture;
  byId("take").hidden = !chat.open || chat.operator_id === me;
  byId("transfer").disabled = byId("finish").disabled = !chat.open;
  byId("rate").disabled = !chat.open || !chat.may_rate;
  byId("idle").hidden = chat.works;
  byId("earlier").hidden = !chat.earlier;
  byId("earlier").textContent = say("earlier", { count: chat.earlier });
  drawMessages(chat, me);
}

function drawMessages(chat, me) {
  const scroll = byId("scroll");
  const other = scroll.dataset.chat !== String(chat.id);
  scroll.dataset.chat = chat.id;
  const rights = `|${me}|${chat.may_edit}|${chat.may_delete}|${chat.id}`;
  keyed(byId("messages"), chat.messages, (message) => messageRow(message, chat, me), rights);
  atEnd ||= other;
  toEnd();
}

function toEnd() {
  if (atEnd) byId("scroll").scrollTop = byId("scroll").scrollHeight;
}

byId("scroll").addEventListener("scroll", ({ target }) => {
  atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 80;
});
byId("messages").addEventListener("load", toEnd, true);
