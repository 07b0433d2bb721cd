// What the browser keeps. Where storage is blocked, memory serves until the page is left.
const BASE = ME.src.replace(/\/widget\.js.*/, "");
const SHELF = "chat:" + BASE + ":";
const shelf = (kind, memory = {}) => (name, value) => {
  const tried = (work) => { try { return work(window[kind]); } catch { return null; } };
  if (value === undefined) return tried((box) => JSON.parse(box.getItem(SHELF + name))) ?? memory[name];
  tried((box) => box.setItem(SHELF + name, JSON.stringify(value)));
  return (memory[name] = value);
};
const kept = shelf("localStorage");
const visit = shelf("sessionStorage");
const outbox = () => kept("outbox") || [];
const newId = () =>
  [...crypto.getRandomValues(new Uint32Array(4))].map((one) => one.toString(36).padStart(7, 0)).join("");

// An address goes along without what may open a door.
const clean = (address) => {
  if (!address) return "";
  const url = new URL(address), { searchParams } = url;
  url.hash = url.username = url.password = "";
  for (const name of [...searchParams.keys()])
    if (/token|key|secret|pass|pwd|auth|sess|sid|code|sig|hash|jwt|otp/i.test(name)) searchParams.delete(name);
  return url.href;
};
const bare = (title) => title.replace(/^\(\d+\) /, "");
const origin = () => {
  const marks = [...new URL(location).searchParams].filter(([name]) => /^utm_/.test(name));
  const utm = Object.fromEntries(marks.map(([name, value]) => [name.slice(4), value]));
  const page = { url: clean(location), title: bare(document.title), referrer: clean(document.referrer) };
  return { page, utm: marks[0] ? visit("utm", utm) : visit("utm") || {} };
};
