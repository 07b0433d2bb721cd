// The warehouse: its file in a box, what a run would do or did, and what is in the portal now.

import { byId, el, post, say } from "/files/say.js";

let shown = "";

/** Draw what the server tells: `told` in lines, `rows` as they stand. */
export function drawWarehouse(state) {
  const print = JSON.stringify(state);
  if (print === shown) return;
  shown = print;
  const lines = state.told.length ? state.told : [say("warehouse_none")];
  byId("warehouse-told").replaceChildren(...lines.map((line) => el("p", {}, line)));
  byId("warehouse-stock").hidden = state.rows.length === 0;
  byId("warehouse-rows").replaceChildren(...state.rows.map((row) =>
    el("li", { className: row.parked ? "parked" : "" }, el("b", {}, row.number), " ", el("span", {}, row.state))));
}

async function press(deed) {
  const buttons = [byId("warehouse-try"), byId("warehouse-run")];
  const held = document.activeElement;
  for (const button of buttons) button.disabled = true;
  const status = await post("/warehouse", { deed, text: byId("warehouse-file").value });
  for (const button of buttons) button.disabled = false;
  if (buttons.includes(held) && document.activeElement === document.body) held.focus();
  if (status === 200) return;
  byId("warehouse-told").replaceChildren(el("p", { className: "parked" }, say("warehouse_away")));
  shown = "";
}

/** The buttons come to life. */
export function wireWarehouse() {
  byId("warehouse-try").addEventListener("click", () => press("try"));
  byId("warehouse").addEventListener("submit", (event) => {
    event.preventDefault();
    press("run");
  });
}
