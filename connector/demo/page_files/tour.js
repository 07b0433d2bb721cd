// The tour's bar: which step is next, and which were proven.

import { byId, el, say, told } from "/files/say.js";

const HIDDEN = "demo.tour.hidden";
let shown = "";

function words(text) {
  return text.split("`").map((piece, place) => (place % 2 ? el("code", {}, piece) : piece));
}

/** Tick off what is `done` (names in order) and tell the next step. */
export function drawTour(done) {
  const next = told.steps.find((step) => !done.includes(step.name)) ?? told.steps.at(-1);
  if (shown === `${next.name}|${done.length}`) return;
  shown = `${next.name}|${done.length}`;
  const place = told.steps.indexOf(next);
  for (const [index, dot] of [...byId("dots").children].entries()) {
    const ready = done.includes(dot.dataset.step);
    dot.className = ready ? "done" : "";
    if (index === place) dot.setAttribute("aria-current", "step");
    else dot.removeAttribute("aria-current");
    dot.querySelector(".unseen").textContent = ready ? `${told.steps[index].do}: ${say("step_done")}` : told.steps[index].do;
  }
  const count = el("span", { className: "unseen" }, say("step_of", { number: place + 1, count: told.steps.length }));
  byId("step").replaceChildren(count, " ", el("strong", {}, next.do), " ", el("span", {}, ...words(next.how)));
}

function show(visible) {
  byId("tour").hidden = !visible;
  byId("tour-show").hidden = visible;
  localStorage.setItem(HIDDEN, visible ? "" : "yes");
}

/** The tour may be put away and taken out again. */
export function wireTour() {
  byId("tour-hide").addEventListener("click", () => { show(false); byId("tour-show").focus(); });
  byId("tour-show").addEventListener("click", () => { show(true); byId("tour-hide").focus(); });
  show(localStorage.getItem(HIDDEN) !== "yes");
}
