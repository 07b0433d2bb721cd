// Text, times and sizes for people. Nothing here ever parses HTML: what a client wrote stays text.

export const words = JSON.parse(document.getElementById("words").textContent);
export const language = document.documentElement.lang;

/** The phrase with its {places} filled. */
export function say(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (place, key) => values[key] ?? place);
}

/** An element with properties and children; strings become text. */
export function el(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

const ADDRESS = String.raw`https?:\/\/[^\s\[\]<>"]+`;
const PIECES = new RegExp(
  String.raw`\[url=(${ADDRESS})\](.*?)\[\/url\]|\[url\](${ADDRESS})\[\/url\]|(${ADDRESS})|\[(\/?)(b|i|u|s)\]`, "gis");

const link = (address, text) =>
  el("a", { href: address, title: address, target: "_blank", rel: "noopener noreferrer" }, text);

/** Web addresses and [url] to http(s) as links, the portal's [b] [i] [u] [s] as what they mean; the rest as it stands. */
export function rich(text) {
  const root = el("span", { className: "words" });
  let open = root;
  let done = 0;
  for (const found of text.matchAll(PIECES)) {
    const [whole, hidden, label, tagged, bare, closing, tag] = found;
    const address = hidden ?? tagged ?? bare;
    open.append(text.slice(done, found.index));
    done = found.index + whole.length;
    if (address) {
      open.append(link(address, (label && rich(label).textContent) || address));
    } else if (!closing) {
      const inner = el(tag.toLowerCase());
      open.append(inner);
      open = inner;
    } else if (open.localName === tag.toLowerCase()) {
      open = open.parentElement;
    } else {
      open.append(whole);
    }
  }
  open.append(text.slice(done));
  return root;
}

const clock = new Intl.DateTimeFormat(language, { timeStyle: "short", hourCycle: "h23" });
const calendar = new Intl.DateTimeFormat(language,
  { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** Unix seconds in the viewer's zone; the day only when it is not today. */
export function when(seconds) {
  const moment = new Date(seconds * 1000);
  return (moment.toDateString() === new Date().toDateString() ? clock : calendar).format(moment);
}

/** Bytes as kB or MB, rounded up, as the chat on the site tells them. */
export function size(bytes) {
  const [unit, per] = bytes < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e6];
  return Math.ceil(bytes / per).toLocaleString(language, { style: "unit", unit });
}
