// The telephone on the desk: cards of calls going on, the list of calls, dialling, notices to the operator.

import { keyed, text } from "/desk/draw.js";
import { el, rich, say, when, words } from "/desk/rich.js";

const byId = (id) => document.getElementById(id);
const ARROWS = { incoming: "↙", outgoing: "↗", callback: "↩", info: "♪" };
const MOST_NOTICES = 3;
let announced = "";
let dismissed = JSON.parse(localStorage.getItem("desk.dismissed") ?? "[]");

/** Seconds as 1:05 or 1:01:05. */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}

const passed = (since) => clock(Date.now() / 1000 - since);

function tick() {
  for (const node of document.querySelectorAll("[data-since]")) node.textContent = passed(Number(node.dataset.since));
}

function arrow(row, missed) {
  const sign = text(`arrow ${row.direction}${missed ? " bad" : ""}`, ARROWS[row.direction]);
  sign.setAttribute("aria-hidden", "true");
  return sign;
}

const nameOf = (row) => row.client || (row.internal ? say("colleague") : say("unknown"));

/** "Contact 5", "Lead 7, new"; empty when the CRM knows nobody. */
function crmOf(row) {
  if (!row.crm) return "";
  return `${say(`crm_${row.crm.kind}`)} ${row.crm.id}${row.created ? `, ${say("crm_created")}` : ""}`;
}

const missedBy = (row) => row.missed && row.direction === "incoming";
const result = (row) => (missedBy(row) ? say("result_missed") : words[`result_${row.status}`] ?? row.status);
const lineOf = (row) => (row.line ? say("over_line", { line: row.line }) : "");
const joined = (...parts) => parts.filter(Boolean).join(" · ");

function cardRow(card, me) {
  const others = Object.entries(card.names).filter(([id]) => Number(id) !== me).map(([, name]) => name);
  const ended = card.state === "over" || card.state === "left";
  const timer = ended ? null : text("timer", passed(card.since));
  if (timer) timer.dataset.since = card.since;
  const how = card.state === "live" ? say(card.direction) : say(card.state);
  const close = el("button", { type: "button", className: "close", ariaLabel: say("close_card", { number: card.phone }) }, "×");
  close.dataset.call = card.id;
  const talk = card.duration ? say("lasted_for", { time: clock(card.duration) }) : "";
  return el("li", { className: `card ${card.state} ${card.direction}` },
    el("p", { className: "how" }, arrow(card), text("", how), timer, card.state === "over" ? null : close),
    el("p", { className: "name" }, nameOf(card)),
    el("p", {}, text("number", card.phone)),
    el("p", { className: "dim" }, joined(crmOf(card), lineOf(card))),
    others.length ? el("p", { className: "dim" }, say("also", { names: others.join(", ") })) : null,
    card.state === "over" ? el("p", { className: "result" }, joined(result(card), talk)) : null);
}

/** The cards on my screen. A new one is said aloud once. */
export function drawCards(state, me) {
  const mine = state.cards.filter((card) => card.for.includes(me));
  keyed(byId("cards"), mine, (card) => cardRow(card, me), `|${me}`);
  byId("now").hidden = !mine.length;
  document.body.classList.toggle("ringing", mine.length > 0);
  const last = mine.at(-1);
  if (!last || last.id === announced) return;
  announced = last.id;
  const what = last.state === "over" ? joined(say("over"), result(last)) : say(last.direction);
  byId("ring").textContent = `${what}: ${nameOf(last)}, ${last.phone}`;
}

/** What the row that is being replaced has of this kind: an open transcript stays open, a recording goes on playing. */
const former = (row, what) => byId("calls").querySelector(`[data-key="${CSS.escape(row.id)}"] ${what}`);

function transcript(row) {
  if (!row.transcript.length) return null;
  const lines = row.transcript.map((line) => el("li", {},
    text("dim", `${clock(line.start)} `), el("b", {}, `${say(`side_${line.side}`)}: `), line.text));
  const open = Boolean(former(row, "details")?.open);
  return el("details", { className: "transcript", open }, el("summary", {}, say("transcript")), el("ol", {}, ...lines));
}

function player(row) {
  if (!row.record) return null;
  const held = former(row, "audio");
  if (held?.getAttribute("src") === row.record.url) {
    if (!held.paused) setTimeout(() => held.play());
    return held;
  }
  const name = row.client || row.phone;
  return el("audio", { controls: true, preload: "metadata", src: row.record.url, ariaLabel: say("record_of", { name }) });
}

function callRow(row) {
  const missed = missedBy(row);
  const number = el("button", { type: "button", className: "number", ariaLabel: say("call_number", { number: row.phone }) }, row.phone);
  Object.assign(number.dataset, { act: "number", phone: row.phone });
  const ended = row.live ? say("going_on") : result(row);
  const back = row.called_back ? say("called_back") : "";
  const talk = row.duration ? clock(row.duration) : "";
  return el("li", { className: "phone" },
    el("span", { className: "way" }, arrow(row, missed && !row.called_back), text("unseen", say(row.direction))),
    text("at dim", when(row.at)),
    el("span", { className: "person" }, text("name", nameOf(row)), number, text("dim", crmOf(row))),
    el("span", { className: "ours" }, text("", row.employee), text("dim", lineOf(row))),
    el("span", { className: "end" },
      text(missed && !row.called_back ? "bad" : row.live ? "good" : "", joined(ended, back)), text("dim", talk)),
    player(row), transcript(row));
}

/** The list of calls and the lines to call from. */
export function drawCalls(state) {
  if (!state.calls) return;
  keyed(byId("calls"), state.calls, callRow);
  byId("no-calls").hidden = state.calls.length > 0;
  byId("latest-calls").hidden = state.calls.length < 100;
  const select = byId("from");
  const print = JSON.stringify(state.phone_lines);
  if (select.print !== print) {
    const kept = select.value;
    select.replaceChildren(...state.phone_lines.map((line) => el("option", { value: line.number }, line.name)));
    if (state.phone_lines.some((line) => line.number === kept)) select.value = kept;
    select.print = print;
  }
  byId("from-line").hidden = state.phone_lines.length < 2;
}

function noticeRow(notice) {
  const dismiss = el("button", { type: "button", className: "close", ariaLabel: `${say("dismiss")}: ${notice.text.slice(0, 40)}` }, "×");
  dismiss.dataset.notice = notice.id;
  return el("li", {}, text("dim", when(notice.at)), rich(notice.text), dismiss);
}

/** What was notified to me and is not dismissed, the latest few. */
export function drawNotices(state, me) {
  const mine = state.notices.filter((one) => one.user_id === me && !dismissed.includes(one.id));
  keyed(byId("notices"), mine.slice(-MOST_NOTICES), noticeRow);
}

/** Buttons come to life; `act(name, fields, complain)` does it at the portal, `whoAmI()` is the operator. */
export function wireCalls(act, whoAmI, redraw) {
  const complain = (why) => {
    byId("call-error").textContent = why;
    byId("call-error").hidden = !why;
  };
  const dial = (phone) => act("click_to_call", { user: whoAmI(), phone, line: byId("from").value }, complain);
  byId("dial").addEventListener("submit", async (event) => {
    event.preventDefault();
    const phone = byId("number").value.trim();
    if (phone && (await dial(phone))) byId("number").value = "";
  });
  byId("calls").addEventListener("click", ({ target }) => {
    if (target.dataset.phone) dial(target.dataset.phone);
  });
  byId("cards").addEventListener("click", ({ target }) => {
    if (target.dataset.call) act("close_card", { call: target.dataset.call, user: whoAmI() }, complain);
  });
  byId("notices").addEventListener("click", ({ target }) => {
    if (!target.dataset.notice) return;
    dismissed = [...dismissed.slice(-99), Number(target.dataset.notice)];
    localStorage.setItem("desk.dismissed", JSON.stringify(dismissed));
    redraw();
  });
  setInterval(tick, 1000);
}
