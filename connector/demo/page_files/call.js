// The customer's telephone: what it shows is what the server tells, its keys are asked of the server.

import { byId, post, say } from "/files/say.js";

const KEYS = { "call-begin": ["idle", "over"], "call-lift": ["called"], "call-end": ["calling", "called", "talking"] };
let shown = { state: "" };

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function tick() {
  const { state, since, talk } = shown;
  const time = state === "talking" ? clock(Date.now() / 1000 - since) : state === "over" && talk ? clock(talk) : "";
  if (byId("call-time").textContent !== time) byId("call-time").textContent = time;
}

/** A key that has gone must not take the keyboard's place with it. */
function keepFocus(held) {
  const pane = byId("pane-call");
  if (!pane.contains(held) || held.closest("[hidden]") === null || pane.hidden) return;
  pane.querySelector(".keys button:not([hidden])").focus();
}

/** Draw the telephone; true when the company has just begun to call. */
export function drawCall(call) {
  const { state, who, talk } = call;
  if (JSON.stringify(call) === JSON.stringify(shown)) return false;
  const rang = shown.state;
  shown = call;
  const held = document.activeElement;
  byId("call-state").textContent = say(`call_${state}`, { name: who });
  byId("call-about").textContent = say(state === "over" && !talk ? "call_vain_about" : `call_${state}_about`);
  for (const [key, states] of Object.entries(KEYS)) byId(key).hidden = !states.includes(state);
  byId("call-end").textContent = say(state === "called" ? "call_decline" : "call_end");
  byId("call-office").hidden = state !== "calling";
  for (const mark of [byId("tab-call"), document.querySelector('#chooser [data-pane="customer"]')]) {
    mark.classList.toggle("rings", state === "called");
  }
  tick();
  keepFocus(held);
  return state === "called" && rang !== "called";
}

/** The keys come to life. */
export function wireCall() {
  byId("call-begin").addEventListener("click", () => post("/call", { deed: "call" }));
  byId("call-lift").addEventListener("click", () => post("/call", { deed: "answer" }));
  byId("call-end").addEventListener("click", () => post("/call", { deed: "hang_up" }));
  byId("call-office").addEventListener("click", ({ target }) => {
    if (target.dataset.as) post("/call", { deed: "answer", as: target.dataset.as });
  });
  setInterval(tick, 500);
}
