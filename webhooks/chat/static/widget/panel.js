// The button and the panel as nodes; what they do is said in the parts that follow.
const PAGE = "page" in ME.dataset;
const CROSS = "M6 6l12 12M18 6L6 18", BUBBLE = "M4 5h16v11H9l-5 4z", DOWN = "M6 9l6 6 6-6";
const FACES = "😊😀😂😍😉😢👍🙏";
const host = el("connector-chat"), root = host.attachShadow({ mode: "open" });
let styled;
const style = async () => {
  const answer = await fetch(BASE + "/look.css");
  if (!answer.ok) throw answer;
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(await answer.text());
    root.adoptedStyleSheets = [sheet];
  } catch { root.append(el("link", { rel: "stylesheet", href: answer.url })); }
  styled = true;
};
const entry = (tag, word, props) => el(tag, { placeholder: say(word), "aria-label": say(word), ...props });

const badge = el("span.badge");
const launch = key("launch", "open", BUBBLE, () => show(!shown));
launch.append(badge);

const who = el(".who");
const address = entry("input.field", "device", { readOnly: true });
const sheet = el(".card", { hidden: true }, el("b", {}, say("device")), say("secret"),
  el(".pair", {}, address, plain("main", "copy", () => {
    address.select();
    // Works in frames and without https; navigator.clipboard does not.
    document.execCommand("copy");
  })));
const strip = el(".strip", { role: "status" });

const earlier = plain("link", "earlier", () => back());
earlier.hidden = true;
const greeting = el(".row"), list = el(), pending = el();
const log = el(".log", { role: "log", tabIndex: 0, "aria-label": say("talk") }, earlier, greeting, list, pending);

const comment = entry("input.field", "comment");
const verdicts = ["like", "dislike"].map((value) => plain("field", value, () => pick(value)));
const more = el(".pair", { hidden: true }, comment, plain("main", "send", () => judge()));
const rate = el(".card", { hidden: true, role: "status" }, el("b", {}, say("rate")), el(".pair", {}, ...verdicts), more);

const caller = entry("input.field", "name", { autocomplete: "name" });
const reach = entry("input.field", "reach", { autocomplete: "email" });
const lead = el(".card", {}, say("lead"), caller, reach);
const chips = el(), fault = el(".bad", { role: "alert" });
const area = entry("textarea", "write", { rows: 1, oninput: () => grow() });
const picker = el("input", { type: "file", multiple: true, hidden: true, onchange: () => take(picker.files) });
const smile = (face) => {
  area.setRangeText(face, area.selectionStart, area.selectionEnd, "end");
  area.focus();
};
const smiles = el(".smiles", { hidden: true },
  ...[...FACES].map((face) => el("button", { type: "button", onclick: () => smile(face) }, face)));
const SMILE = "M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0M8 14a5 5 0 0 0 8 0M9 9v.5M15 9v.5";
const form = el(".write", {}, lead, chips, fault, smiles, el(".line", {},
  key("", "attach", "M12 5v14M5 12h14", () => picker.click()), picker, area,
  key("", "smile", SMILE, () => { smiles.hidden = !smiles.hidden; }),
  key("send", "send", "M12 19V5M6 11l6-6 6 6", () => send())));

const panel = el(PAGE ? "section.panel" : "dialog.panel", { "aria-label": say("talk") },
  el("header", {}, who,
    key("", "device", "M7 3h10v18H7zM12 17v.5", () => share()),
    !PAGE && key("", "close", CROSS, () => show())),
  sheet, strip, log, rate, form);
const chat = el(".chat." + (PAGE ? "page" : ME.dataset.position), {}, panel, !PAGE && launch);
root.append(chat);
