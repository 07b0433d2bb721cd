// What the visitor writes: kept here until the connector has it. A repeat has the same id, so it is the same message.
let sent = [], chosen = [], busy, later, fails = 0, queued;

const rest = (id) => outbox().filter((one) => one.id != id);
const draft = ({ id, text, files, at, mark = "waiting", hint }) => {
  const node = row({ from: "visitor", parts: text ? [{ text }] : [], files, at, mark: hint ? "failed" : mark, hint });
  if (hint) node.append(plain("link", "change", () => {
    kept("outbox", rest(id));
    area.value = text;
    paint();
  }));
  return node;
};
const offline = (now) => {
  away = now;
  paint();
};

const post = async (one) => {
  const { id, text, files, page, utm } = one;
  await passed();
  try {
    await call("/messages", { id, text, files: files.map((file) => file.id), page, utm, client: kept("client") });
    sent.push({ ...one, mark: "kept" });
    kept("outbox", rest(id));
  } catch (error) {
    if (!lasting(error)) throw error;
    kept("outbox", [...rest(id), { ...one, hint: error.hint }]);
  }
};
const flush = async () => {
  if (busy) return;
  clearTimeout(later);
  busy = true;
  try {
    for (let one; (one = outbox().find(({ hint }) => !hint)); ) {
      await post(one);
      fails = 0;
      offline(false);
    }
  } catch (error) {
    offline(error.status != 429);
    later = setTimeout(flush, error.wait || backoff(fails++));
  }
  busy = false;
};

const drop = (one, hint) => {
  one.node.remove();
  chosen = chosen.filter((other) => other != one);
  fault.textContent = hint ? one.file.name + ": " + hint : "";
};
const lift = async (one) => {
  if (!chosen.includes(one)) return;
  one.busy = true;
  try {
    await passed();
    Object.assign(one, await upload(one.file, (part) => { one.bar.value = part; }));
    one.bar.remove();
  } catch (error) {
    if (lasting(error)) drop(one, error.hint);
    else setTimeout(lift, error.wait || backoff(2), one);
  }
  one.busy = false;
  if (queued) send();
};
const refusal = ({ name, size, type }) => {
  const { file_limit: limit, accept } = settings || {};
  const fits = (kind) => name.toLowerCase().endsWith(kind) || type.startsWith(kind.replace("*", ""));
  if (size > limit) return say("big") + " " + amount(limit);
  return !accept || accept.split(",").some(fits) ? "" : say("type");
};
const take = (files) => {
  for (const file of files) {
    const bar = el("progress", { value: 0, "aria-label": file.name }), one = { file, bar }, hint = refusal(file);
    one.node = el(".chip", {}, el("span", {}, file.name), bar, key("", "remove", CROSS, () => drop(one)));
    chosen.push(one);
    chips.append(one.node);
    hint ? drop(one, hint) : lift(one);
  }
  picker.value = "";
};

const send = () => {
  const text = area.value.trim(), files = chosen.filter(({ id }) => id), contact = reach.value.trim();
  queued = chosen.some((one) => one.busy);
  if (queued) return;
  if (contact) kept("client", { name: caller.value, [/@/.test(contact) ? "email" : "phone"]: contact });
  if (text || files[0]) {
    const cards = files.map(({ id, name, size, url, image }) => ({ id, name, size, url, image }));
    kept("outbox", [...outbox(), { id: newId(), text, files: cards, at: new Date(), ...origin() }]);
    for (const one of files) drop(one);
    area.value = "";
    thanked = false;
    grow();
  }
  paint();
  bottom();
  flush();
};
const grow = () => {
  visit("draft", area.value);
  area.style.height = 0;
  area.style.height = area.scrollHeight + "px";
};
