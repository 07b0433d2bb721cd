// Words of the page and elements of text. Nothing here ever parses HTML: what a client wrote stays text.

export const told = JSON.parse(document.getElementById("told").textContent);
export const language = document.documentElement.lang;
export const byId = (id) => document.getElementById(id);

/** The phrase with its {places} filled. */
export function say(name, values = {}) {
  return (told.words[name] ?? name).replace(/\{(\w+)\}/g, (place, key) => values[key] ?? place);
}

/** An element with properties and children; strings become text. */
export function el(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Digits in groups. */
export const number = (value) => new Intl.NumberFormat(language).format(value);

/** Send JSON; the HTTP status, 0 when nobody answers. */
export async function post(path, body) {
  try {
    const headers = { "Content-Type": "application/json" };
    return (await fetch(path, { method: "POST", headers, body: JSON.stringify(body) })).status;
  } catch {
    return 0;
  }
}

/** Hear the server-sent events of `path` while this tab is looked at: a browser has six lines to us for all its tabs. */
export function follow(path, draw, tell = () => {}) {
  let source = null;
  function turn() {
    source?.close();
    source = null;
    if (document.hidden) return;
    source = new EventSource(path);
    source.addEventListener("open", () => tell(true));
    source.addEventListener("message", ({ data }) => draw(JSON.parse(data)));
    source.addEventListener("error", () => tell(false));
  }
  document.addEventListener("visibilitychange", turn);
  turn();
}
