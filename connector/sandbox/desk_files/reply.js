// The form below the conversation: what is being written, to which chat, with which files.

import { el, say } from "/desk/rich.js";

const MOST = 50 * 1024 * 1024;
const byId = (id) => document.getElementById(id);
const drafts = new Map();
let chat = 0;
let editing = 0;
let picked = [];

/** Base64 text of a file. */
function content(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onerror = () => reject(reader.error);
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.readAsDataURL(file);
  });
}

function show() {
  byId("editing").hidden = !editing;
  byId("attach").hidden = byId("note-label").hidden = Boolean(editing);
  byId("send").textContent = say(editing ? "save" : "send");
  byId("picked").hidden = !picked.length;
  byId("picked").replaceChildren(...picked.map((file, place) => {
    const remove = el("button", { type: "button", ariaLabel: say("remove", { name: file.name }) }, "×");
    remove.addEventListener("click", () => { picked.splice(place, 1); show(); byId("files").focus(); });
    return el("li", {}, file.name, remove);
  }));
  byId("reply").classList.toggle("aside", byId("note").checked && !editing);
}

/** Another chat is open: keep what was being written in the former one. */
export function turnTo(next) {
  if (next === chat) return;
  if (!editing) drafts.set(chat, byId("text").value);
  [chat, editing, picked] = [next, 0, []];
  byId("text").value = drafts.get(next) ?? "";
  byId("note").checked = false;
  show();
}

/** Change message `id`; its present text goes into the form. */
export function startEditing(id, text) {
  if (!editing) drafts.set(chat, byId("text").value);
  [editing, picked] = [id, []];
  byId("text").value = text;
  show();
  byId("text").focus();
}

function stopEditing() {
  editing = 0;
  byId("text").value = drafts.get(chat) ?? "";
  show();
}

/** Files from the clipboard or dropped onto the conversation; false when there are none. */
function take(files) {
  if (!files?.length || editing) return false;
  picked.push(...files);
  show();
  return true;
}

function takeAnywhere() {
  byId("text").addEventListener("paste", (event) => {
    if (take(event.clipboardData?.files)) event.preventDefault();
  });
  byId("open").addEventListener("dragover", (event) => event.preventDefault());
  byId("open").addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer?.files);
  });
}

/** The form comes to life; `act(name, fields)` does it and is true when it was done, `complain(text)` says why not. */
export function wire(act, complain, whoAmI) {
  byId("files").addEventListener("change", (event) => {
    picked.push(...event.target.files);
    event.target.value = "";
    show();
  });
  takeAnywhere();
  byId("note").addEventListener("change", show);
  byId("cancel").addEventListener("click", stopEditing);
  byId("text").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && editing) stopEditing();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId("reply").requestSubmit();
  });
  byId("reply").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (byId("send").disabled) return;
    byId("send").disabled = true;
    try {
      await submit(act, complain, whoAmI());
    } finally {
      byId("send").disabled = false;
    }
  });
}

async function submit(act, complain, operator) {
  const text = byId("text").value.trim();
  const message = editing;
  if (message) {
    if (text && (await act("edit", { message, text })) && editing === message) stopEditing();
    return;
  }
  if (!text && !picked.length) return;
  if (picked.reduce((sum, file) => sum + file.size, 0) > MOST) return complain(say("too_big"));
  const [target, sent] = [chat, [...picked]];
  const files = await Promise.all(
    sent.map(async (file) => ({ name: file.name, mime: file.type, content: await content(file) })));
  const done = await act("say", { chat: target, text, operator, files, note: byId("note").checked });
  if (!done) return;
  drafts.delete(target);
  if (chat !== target) return;
  picked = picked.filter((file) => !sent.includes(file));
  if (byId("text").value.trim() === text) byId("text").value = ""; // what was written meanwhile stays
  byId("note").checked = false;
  show();
}
