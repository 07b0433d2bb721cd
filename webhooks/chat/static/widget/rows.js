// What is said, as nodes. Texts go in as texts only, addresses only where a link may lead.
const el = (tag = "", props, ...kids) => {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  node.className = classes.join(" ");
  for (const key in props) key in node ? (node[key] = props[key]) : node.setAttribute(key, props[key]);
  node.append(...kids.filter((kid) => kid));
  return node;
};
const icon = (d) => {
  const [svg, path] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  svg.setAttribute("viewBox", "0 0 24 24");
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
};
const named = (node, words) => {
  node.title = words;
  node.setAttribute("aria-label", words);
  return node;
};
const key = (classes, word, d, onclick) =>
  named(el("button." + classes, { type: "button", onclick }, icon(d)), say(word));
const plain = (classes, word, onclick) => el("button." + classes, { type: "button", onclick }, say(word));

const safe = (address) => {
  try {
    const url = new URL(address, BASE);
    return /^(https?|mailto|tel):$/.test(url.protocol) && url.href;
  } catch { return ""; }
};
const link = (classes, href, ...kids) =>
  href ? el("a." + classes, { href, target: "_blank", rel: "noopener" }, ...kids) : el("span." + classes, {}, ...kids);
const portrait = (name, picture) => {
  const initials = name.split(/[\s\p{P}]+/u, 2).map((word) => [...word][0]).join("");
  const node = el(".face", { "aria-hidden": true }, initials);
  const src = picture && safe(picture);
  if (src) el("img", { alt: "", src, onload: ({ target }) => node.replaceChildren(target) });
  return node;
};
const amount = (size) => {
  const [unit, per] = size < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e6];
  return Math.ceil(size / per).toLocaleString(LANGUAGE, { style: "unit", unit });
};
const moment = (at) => {
  const date = new Date(at), today = date.toDateString() == new Date().toDateString();
  const day = today ? {} : { day: "numeric", month: "short" };
  return date.toLocaleString(LANGUAGE, { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
};

const STYLES = { bold: "b", italic: "i", strike: "s", underline: "u", code: "code" };
const part = (one) => {
  let node = link("", one.url && safe(one.url), one.text);
  for (const style in STYLES) if (one[style]) node = el(STYLES[style], {}, node);
  return node;
};
const card = ({ name, size, url, image }) => {
  const href = url && safe(url);
  if (image && href) return link("file.shot", href, el("img", { src: href, alt: name }));
  return link("file", href, name, el(".faint", {}, amount(size)));
};

const SIGNS = { waiting: "◷", kept: "✓", delivered: "✓✓", read: "✓✓", failed: "⚠" };
const marked = (mark, hint) => {
  const node = el("span." + mark, {}, SIGNS[mark]), words = hint || say(mark);
  // What needs the visitor's eye is written out; the rest is a sign with its words for those who cannot see it.
  if (/waiting|failed/.test(mark)) node.append(" " + words);
  else named(node, words).role = "img";
  return node;
};
const row = ({ from, name, picture, parts, files, at, mark, hint, edited, deleted }) => {
  const who = name || say("operator");
  const said = deleted
    ? [el("i.bubble", {}, say("deleted"))]
    : [parts[0] && el(".bubble", { dir: "auto" }, ...parts.map(part)), ...files.map(card)];
  const node = el(".row." + from, {},
    from == "operator" && el(".by.faint", {}, portrait(who, picture), who),
    from == "visitor" && el(".sr", {}, say("you")),
    ...said,
    from != "system" &&
      el(".faint", {}, moment(at), edited && " · " + say("edited"), mark && " ", mark && marked(mark, hint)));
  node.by = from + who;
  node.said = JSON.stringify([who, parts, files, edited, deleted]);
  return node;
};
