// The operator's desk: listens to what the portal says, draws it, and does what the operator asks.

import { drawCalls, drawCards, drawNotices, wireCalls } from "/desk/calls.js";
import { drawChats, drawPeople, drawTalk } from "/desk/draw.js";
import { startEditing, turnTo, wire } from "/desk/reply.js";
import { el, say, words } from "/desk/rich.js";

const byId = (id) => document.getElementById(id);
const PATIENCE = 2500; // ms without the portal before we say so
let state = null;
let stream = null;
let lost = 0;
let me = Number(localStorage.getItem("desk.me")) || 0;

const chosen = () => Number(location.hash.slice(1)) || 0;
const calling = () => location.hash === "#calls";

function draw() {
  if (!state) return;
  const chat = state.chat?.id === chosen() ? state.chat : null;
  me = drawPeople(state, me);
  byId("domain").textContent = state.portal.domain;
  const waiting = state.chats.filter((row) => row.unanswered).length;
  document.title = (waiting ? `(${waiting}) ` : "") + words.title;
  banner(state.portal.down ? say("down") : "");
  drawChats(state, chosen());
  drawTalk(chat, chosen(), me, state.asked !== chosen());
  drawCards(state, me);
  drawNotices(state, me);
  drawCalls(state);
}

function banner(text) {
  byId("banner").textContent = text;
  byId("banner").hidden = !text;
}

function complain(text) {
  byId("error").textContent = text;
  byId("error").hidden = !text;
}

function listen() {
  stream?.close();
  stream = new EventSource(`/desk/events?chat=${chosen()}&calls=${Number(calling())}`);
  stream.onmessage = (event) => {
    state = JSON.parse(event.data);
    draw();
  };
  stream.onopen = () => {
    clearTimeout(lost);
    lost = 0;
    if (state) draw();
  };
  stream.onerror = () => {
    lost ||= setTimeout(() => banner(say("away")), PATIENCE);
    // A refused stream is not tried again by the browser itself.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, PATIENCE);
  };
}

function turn() {
  complain("");
  turnTo(chosen());
  document.querySelectorAll(".tongue").forEach((link) => { link.hash = location.hash; });
  document.body.classList.toggle("calling", calling());
  byId("tab-chats").ariaCurrent = calling() ? null : "page";
  byId("tab-calls").ariaCurrent = calling() ? "page" : null;
  draw();
  listen();
}

/** Do `name` at the portal; false when it refused, and then the reason is on the screen. */
async function act(name, fields, tell = complain) {
  tell("");
  try {
    const answer = await fetch(`/_sandbox/${name}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields),
    });
    if (answer.ok) return true;
    const body = await answer.json();
    tell(words[`error_${body.error}`] ?? body.error_description);
  } catch {
    tell(say("away"));
  }
  return false;
}

/** Ask in a dialog; true when the answer is yes. `grave` is what cannot be taken back. */
function sure(id, text, button, grave = false) {
  const dialog = byId(id);
  if (text) byId("sure-text").textContent = text;
  if (button) byId("sure-yes").textContent = button;
  byId("sure-yes").classList.toggle("grave", grave);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function choices(label, kind, rows) {
  const group = el("optgroup", { label });
  group.append(...rows.map((row) => el("option", { value: `${kind}:${row.id}` }, row.name)));
  return rows.length ? [group] : [];
}

async function transfer() {
  const { chat, operators, lines } = state;
  byId("target").replaceChildren(
    ...choices(say("operators"), "operator", operators.filter((one) => one.active && one.id !== chat.operator_id)),
    ...choices(say("lines"), "line", lines.filter((one) => one.id !== chat.line_id)));
  if (!(await sure("hand"))) return;
  const [kind, number] = byId("target").value.split(":");
  await act("transfer", { chat: chat.id, [kind]: Number(number) });
}

async function finish() {
  const { id } = state.chat;
  if (await sure("sure", say("finish_sure"), say("finish"))) await act("finish", { chat: id, operator: me });
}

async function messageDeed(event) {
  const { act: deed, message } = event.target.dataset;
  const row = state.chat?.messages.find((one) => String(one.id) === message);
  if (!row) return;
  if (deed === "edit") startEditing(row.id, row.text);
  if (deed === "delete" && (await sure("sure", say("delete_sure"), say("delete"), true))) {
    await act("delete", { message: row.id });
  }
}

byId("me").addEventListener("change", (event) => {
  me = Number(event.target.value);
  localStorage.setItem("desk.me", me);
  draw();
});
byId("take").addEventListener("click", () => act("transfer", { chat: state.chat.id, operator: me }));
byId("transfer").addEventListener("click", transfer);
byId("rate").addEventListener("click", () => act("ask_rating", { chat: state.chat.id }));
byId("finish").addEventListener("click", finish);
byId("messages").addEventListener("click", messageDeed);
addEventListener("hashchange", turn);
document.body.classList.toggle("framed", window.top !== window.self);
wire(act, complain, () => me);
wireCalls(act, () => me, draw);
turn();
