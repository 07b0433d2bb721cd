// What the connector told, on the screen.
const known = new Set();
let settings = kept("settings"), state = {}, seq = 0, shown = PAGE, away, voted, thanked, choice;

const paint = () => {
  const { operator, unread, rating } = state, seen = shown && !document.hidden;
  if (seen && unread) {
    state.unread = 0;
    call("/seen", { seq }).catch(() => 0);
  }
  const news = (!seen && unread) || "";
  badge.textContent = news;
  named(launch, say(shown ? "close" : "open") + (news && `, ${news} ` + say("unread")));
  document.title = (news && `(${news}) `) + bare(document.title);

  const title = settings?.title || location.host, face = operator?.name || title, picture = operator?.picture;
  if (who.drawn != face + picture) {
    who.drawn = face + picture;
    const below = el(".faint", {}, operator ? title : say("here"));
    who.replaceChildren(portrait(face, picture), el("", {}, el("b", {}, face), below));
  }
  strip.textContent = away ? say("away") : thanked ? say("thanks") : "";
  lead.hidden = !away || kept("client") || list.firstChild;
  rate.hidden = !rating || rating.id == voted;
  pending.replaceChildren(...[...sent, ...outbox()].filter(({ id }) => !known.has(id)).map(draft));
};
const bottom = () => log.scrollTo(0, 1e9);

const put = (message) => {
  // "1 is good, 0 is bad" of the portal: our two buttons stand for it.
  if (message.asks) return;
  const node = row(message), rows = [...list.childNodes], { order } = message;
  const old = rows.find((one) => one.order == order);
  known.add(message.id);
  node.order = order;
  // A new mark alone does not have the message read out once more.
  if (old?.said == node.said) old.lastChild.replaceWith(node.lastChild);
  else old ? old.replaceWith(node) : list.insertBefore(node, rows.find((one) => one.order > order));
};
const apply = (news, older) => {
  const near = log.scrollHeight - log.scrollTop - log.clientHeight < 99;
  news.messages.map(put);
  for (const one of list.childNodes) one.classList.toggle("again", one.previousSibling?.by == one.by);
  if (older || !seq) earlier.hidden = !news.earlier;
  if (!older) ({ seq } = state = news);
  paint();
  if (near && !older) bottom();
};

const attempt = async (work) => {
  fault.textContent = "";
  try { await work(); } catch (error) { fault.textContent = error.hint || say("refused"); }
};
const back = () => attempt(async () => apply(await ask("/state?before=" + list.firstChild.order), true));
const share = () => attempt(async () => {
  sheet.hidden = !sheet.hidden;
  if (sheet.hidden) return;
  await passed();
  address.value = (await ask("/link", {})).url;
});
const pick = (value) => {
  choice = value;
  more.hidden = false;
  bottom();
  for (const one of verdicts) one.setAttribute("aria-pressed", one.textContent == say(value));
};
const judge = () => attempt(async () => {
  const { id } = state.rating;
  await call("/rating", { id, value: choice, comment: comment.value });
  voted = id;
  thanked = more.hidden = true;
  comment.value = "";
  paint();
});
