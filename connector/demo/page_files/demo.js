// The page around the three panes: it chooses what is seen and shows what the server tells.

import { drawCall, wireCall } from "/files/call.js";
import { byId, follow, language, number, post, say, told } from "/files/say.js";
import { drawTour, wireTour } from "/files/tour.js";
import { drawWarehouse, wireWarehouse } from "/files/warehouse.js";

const FIGURES = ["sent", "delivered", "waiting", "doubled", "lost"];
const TROUBLES = ["down", "storm", "kill"];

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function drawScore(score) {
  for (const name of FIGURES) {
    const box = byId("score").querySelector(`[data-figure="${name}"]`);
    write(box.querySelector("dd"), number(score[name]));
    box.classList.toggle("some", score[name] > 0);
  }
}

function drawTroubles({ busy, down, line, next }) {
  for (const name of TROUBLES) {
    const button = byId(name);
    const back = name === "down" && down;
    button.disabled = Boolean(busy) && !back;
    button.classList.toggle("works", busy === name && !back);
    write(button.querySelector("strong"), say(back ? "up" : name));
    write(button.querySelector("span"), say(back ? "up_about" : `${name}_about`));
  }
  byId("down").setAttribute("aria-pressed", String(down));
  if (!line) return;
  const { score } = line;
  const rare = (name) => ["waiting", "parked"].includes(name);
  const shown = line.over ? [...FIGURES, "parked"].filter((name) => !rare(name) || score[name]) : ["waiting"];
  const is = line.over ? " " : ": ";
  const figures = score ? shown.map((name) => say(name) + is + number(score[name])) : [];
  if (!line.over && next) figures.push(say("next_try", { seconds: next }));
  write(byId("line"), line.over ? `${line.text}:` : line.text);
  const told = figures.join(line.over ? ", " : " · ");
  write(byId("figures"), line.over ? told : told.charAt(0).toUpperCase() + told.slice(1));
  const box = byId("line").parentElement;
  box.classList.toggle("over", line.over);
  box.classList.toggle("bad", Boolean(line.over && (score.lost || score.doubled || score.waiting || score.parked)));
}

const span = (ms) => (ms < 1000 ? `${number(ms)} ${say("ms")}` : `${number(Math.round(ms / 100) / 10)} ${say("s")}`);

function drawLast(last) {
  byId("no-last").hidden = Boolean(last);
  const link = byId("last");
  link.hidden = !last;
  if (!last) return;
  const address = `${told.console}/trace/${last.trace}`;
  if (link.href !== address) link.href = address;
  const took = last.ms === null ? "" : ` · ${span(last.ms)}`;
  const way = say(last.inward ? "to_bitrix" : "to_customer");
  write(link, `${say("last")}: …${last.trace.slice(-8)} ${way}${took} → ${say(`state_${last.state}`)}`);
}

function draw(state) {
  drawScore(state.score);
  drawTroubles(state);
  drawLast(state.last);
  drawTour(state.done);
  drawWarehouse(state.warehouse);
  if (drawCall(state.call)) showChannel(byId("tab-call"));
}

function showPane(name) {
  byId("panes").dataset.pane = name;
  for (const button of byId("chooser").children) {
    button.setAttribute("aria-pressed", String(button.dataset.pane === name));
  }
}

function showChannel(chosen) {
  for (const tab of byId("channels").children) {
    const mine = tab === chosen;
    tab.setAttribute("aria-selected", String(mine));
    tab.tabIndex = mine ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !mine;
  }
  const whose = chosen.id === "tab-warehouse" ? "warehouse" : "customer";
  const [name, about] = byId("customer-name").children;
  write(name, say(whose));
  write(about, say(`${whose}_about`));
}

function wireChannels() {
  const tabs = [...byId("channels").children];
  for (const [place, tab] of tabs.entries()) {
    tab.addEventListener("click", () => showChannel(tab));
    tab.addEventListener("keydown", ({ key }) => {
      const way = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!way) return;
      const other = tabs[(place + way + tabs.length) % tabs.length];
      showChannel(other);
      other.focus();
    });
  }
}

for (const name of TROUBLES) byId(name).addEventListener("click", () => post("/trouble", { name }));
for (const button of byId("chooser").children) {
  button.addEventListener("click", () => showPane(button.dataset.pane));
}
for (const link of document.querySelectorAll('a[target="console"]')) {
  link.addEventListener("click", () => showPane("console"));
}
wireChannels();
wireCall();
wireTour();
wireWarehouse();
follow(`/events?lang=${language}`, draw, (here) => { byId("away").hidden = here; });
