// Opening and closing, the line to the connector, and what the site may ask for.
const roomy = () => innerWidth > 480;
const show = (now) => {
  if (PAGE || shown == !!now) return;
  shown = !shown;
  chat.classList.toggle("open", shown);
  // Modal on phones: the browser itself keeps the focus inside.
  if (shown) roomy() ? panel.show() : panel.showModal();
  else panel.close();
  launch.querySelector("path").setAttribute("d", shown ? DOWN : BUBBLE);
  grow();
  paint();
  bottom();
  (!shown ? launch : roomy() ? area : log).focus();
};

const light = (color) => {
  const [red, green, blue] = [1, 3, 5].map(
    (at) => ((parseInt(color.slice(at, at + 2), 16) / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const dress = () => {
  const color = [ME.dataset.color, settings?.color, "#0b66c3"].find((one) => /^#[\da-f]{6}$/i.test(one));
  chat.style.cssText += `;--brand:${color};--on:${light(color) > 0.179 ? "#000" : "#fff"}`;
  greeting.replaceChildren(settings?.greeting ? el(".bubble", {}, settings.greeting) : "");
  area.maxLength = settings?.text_limit || 4000;
  picker.accept = settings?.accept || "";
  if (!styled || host.isConnected) return;
  (document.body || document.documentElement).append(host);
  if ("open" in ME.dataset && roomy()) show(true);
};

let mine, tries = 0;
const heard = (news) => {
  tries = 0;
  apply(news);
};
const turn = async () => {
  const stale = !settings || away || !kept("pass");
  const [fresh] = await Promise.all([stale ? ask("/settings") : settings, styled || style()]);
  settings = kept("settings", fresh);
  dress();
  offline(false);
  flush();
  if (mine != kept("pass")) {
    mine = kept("pass");
    seq = 0;
    list.replaceChildren();
  }
  if (!mine) {
    tries = 0;
    return pause(1e9);
  }
  if (!deaf && !document.hidden) {
    await listen("/events?after=" + seq, heard);
    return pause(backoff(0));
  }
  heard(await ask("/state?after=" + seq));
  return pause(document.hidden ? 15e3 : 3e3);
};
const live = async () => {
  for (;;) {
    try { await turn(); } catch (error) {
      dress();
      if (error.name == "AbortError") continue;
      // All lines are taken: from here on we ask now and then.
      if (error.status == 429) deaf = 1;
      offline(error.status != 429);
      await pause(error.wait || backoff(tries++));
    }
  }
};

const hear = (target, name, work) => target.addEventListener(name, work);
const offer = (event, data) => {
  if (data.files[0]) event.preventDefault();
  take(data.files);
};
hear(area, "keydown", (event) => {
  if (event.key != "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
hear(area, "paste", (event) => offer(event, event.clipboardData));
hear(panel, "dragover", (event) => event.preventDefault());
hear(panel, "drop", (event) => offer(event, event.dataTransfer));
hear(panel, "keydown", (event) => event.key == "Escape" && show());
hear(panel, "close", () => show());
hear(window, "online", stir);
hear(window, "offline", stir);
hear(document, "visibilitychange", () => { paint(); stir(); });
hear(window, "storage", (event) => {
  if (event.key == SHELF + "outbox") paint();
  if (event.key == SHELF + "pass") stir();
});
// The keyboard of a phone covers a part of the page and may push it up.
const view = window.visualViewport;
if (view) for (const name of ["resize", "scroll"])
  hear(view, name, () => {
    if (view.scale == 1) chat.style.cssText += `;--tall:${view.height}px;--top:${view.offsetTop}px`;
  });

window.ConnectorChat = {
  open: () => show(true),
  close: () => show(),
  identify: ({ name, email, phone }) => kept("client", { name, email, phone }),
};
const handed = PAGE && /^#pass=(.+)/.exec(location.hash);
if (handed) {
  history.replaceState(null, "", location.pathname);
  // Whoever made the link reads along: nobody is led there unasked.
  if (confirm(ME.dataset.page)) kept("pass", handed[1]);
}
area.value = visit("draft") || "";
origin(); // the marks are on the first page of a visit only
live();
