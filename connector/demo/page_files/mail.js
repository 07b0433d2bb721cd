// The customer's mail program: letters as the server tells them, and one that is being written.

import { byId, el, follow, language, post, say } from "/files/say.js";

const MOST = 8 * 1024 * 1024;
const clock = new Intl.DateTimeFormat(language, { timeStyle: "short", hourCycle: "h23" });
let answers = null; // the letter that is answered
let picked = null; // the file that goes along

/** Lines of a letter; those that only quote are faint. */
function words(text) {
  const lines = text.split("\n").map((line) => el("span", { className: line.startsWith(">") ? "quoted" : "" }, `${line}\n`));
  return el("div", { className: "words" }, ...lines);
}

function headers(row) {
  const pairs = row.headers.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  return el("details", {}, el("summary", {}, say("headers")), el("dl", {}, ...pairs));
}

function letter(row) {
  const files = row.files.map((file, number) =>
    el("a", { className: "file", href: `/mail/file?id=${row.id}&file=${number}`, download: file.name }, file.name));
  const time = clock.format(new Date(row.at * 1000));
  const head = el("p", { className: "from" }, el("span", {}, row.mine ? say("you") : row.from.split(" <")[0]), el("span", {}, time));
  const foot = el("div", { className: "foot" }, headers(row));
  if (!row.mine) {
    const button = el("button", { type: "button", ariaLabel: `${say("answer")}: ${row.subject}` }, say("answer"));
    button.addEventListener("click", () => answer(row));
    foot.append(button);
  }
  return el("li", { className: row.mine ? "letter mine" : "letter" },
    head, el("h2", {}, row.subject), words(row.text), ...files, foot);
}

function draw(rows) {
  const list = byId("letters");
  byId("empty").hidden = rows.length > 0;
  const known = new Map([...list.children].map((node) => [node.print, node]));
  const before = known.size;
  list.replaceChildren(...rows.map((row) => {
    const print = JSON.stringify(row);
    const node = known.get(print) ?? letter(row);
    node.print = print;
    return node;
  }));
  if (rows.length > before) toEnd();
}

function toEnd() {
  const last = byId("letters").lastElementChild;
  const scroll = byId("scroll");
  if (last) scroll.scrollTop = Math.min(scroll.scrollHeight, last.offsetTop - scroll.offsetTop - 10);
}

function complain(text) {
  byId("error").hidden = !text;
  byId("error").textContent = text;
}

/** The form for an answer to `row`, or for a new letter. */
function answer(row) {
  answers = row;
  byId("answering").hidden = !row;
  byId("subject").hidden = Boolean(row);
  byId("subject").value = "";
  byId("text").value = "";
  if (row) byId("answering").querySelector("span").textContent = say("answering", { subject: row.subject.replace(/^re:\s*/i, "") });
  byId(row ? "text" : "subject").focus();
}

function pick(file) {
  picked = file;
  byId("detach").hidden = !file;
  byId("detach").textContent = file ? `${file.name} ×` : "";
  byId("detach").ariaLabel = file ? say("detach", { name: file.name }) : "";
  byId("file").value = "";
}

function content(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onerror = () => reject(reader.error);
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.readAsDataURL(file);
  });
}

/** What is answered stands below the answer, as mail programs do it. */
function quoted(row) {
  const at = new Date(row.at * 1000).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  return `\n\n${at}, ${row.from}:\n${row.text.split("\n").map((line) => `> ${line}`).join("\n")}\n`;
}

const reply = (subject) => (/^re:/i.test(subject) ? subject : `Re: ${subject}`);

byId("write").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = byId("text").value.trim();
  if ((!text && !picked) || byId("send").disabled) return;
  byId("send").disabled = true;
  const told = answers
    ? { subject: reply(answers.subject), text: text + quoted(answers), answers: answers.id }
    : { subject: byId("subject").value.trim(), text };
  const file = picked;
  if (file) Object.assign(told, { name: file.name, content: await content(file) });
  const sent = (await post("/mail/write", told)) === 200;
  complain(sent ? "" : say("unreached"));
  if (sent && picked === file) pick(null);
  if (sent && byId("text").value.trim() === text) answer(null); // what was written meanwhile stays
  byId("send").disabled = false;
});
byId("cancel").addEventListener("click", () => answer(null));
byId("detach").addEventListener("click", () => pick(null));
byId("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  complain(file.size > MOST ? say("too_big") : "");
  pick(file.size > MOST ? null : file);
});
follow("/mail/events", draw);
