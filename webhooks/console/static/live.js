// Keeps the [data-live] parts of an open page fresh; the rules are told in webhooks/console/live.py.
{
  const told = document.getElementById("live");
  const LEAST = 2000, MINUTE = 60000, SHARE = 10; // ms; a page that took long is asked for that much less often
  let version = told.dataset.version, stream = null, timer = 0, again = 0, free = 0, patience = LEAST;
  let wanted = false, owed = false, busy = false, ended = false; // owed: a part was in use when it should have changed

  const say = (state) => {
    told.textContent = told.dataset[state];
    told.classList.toggle("off", state !== "on");
  };

  const changed = (field) =>
    field.tagName === "SELECT" ? [...field.options].some((one) => one.selected !== one.defaultSelected)
      : field.value !== field.defaultValue || field.checked !== field.defaultChecked;

  const inUse = (part) => {
    const picked = getSelection();
    return part.contains(document.activeElement)
      || (picked && !picked.isCollapsed && picked.rangeCount > 0 && picked.getRangeAt(0).intersectsNode(part))
      || [...part.querySelectorAll("input:not([type=hidden]), select, textarea")].some(changed);
  };

  const swap = (part, fresh) => {
    if (part.innerHTML === fresh.innerHTML) return;
    const folds = [...part.querySelectorAll("details")].map((fold) => fold.open);
    const names = [...part.querySelectorAll("details")].map((fold) => fold.id || fold.querySelector("summary")?.textContent);
    part.replaceChildren(...fresh.childNodes);
    for (const fold of part.querySelectorAll("details")) {
      const before = names.indexOf(fold.id || fold.querySelector("summary")?.textContent);
      if (before >= 0) fold.open = folds[before];
    }
  };

  // Returns whether a part was in use and has to be renewed later.
  const renew = (page) => {
    let owed = false;
    const done = new Set();
    for (const part of document.querySelectorAll("[data-live][id]")) {
      const fresh = page.getElementById(part.id);
      if (!fresh || !part.isConnected || [...done].some((other) => other.contains(part))) continue;
      if (inUse(part)) {
        owed = true;
      } else {
        swap(part, fresh);
        done.add(part);
      }
    }
    return owed;
  };

  const look = async () => {
    busy = true;
    wanted = false;
    const began = performance.now();
    let rest = LEAST;
    try {
      const answer = await fetch(location.href, { redirect: "manual", headers: { "X-Live": "1" }, cache: "no-store" });
      if (answer.type === "opaqueredirect" || answer.status === 403) return end();
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      version = page.getElementById("live").dataset.version;
      owed = renew(page);
      patience = LEAST;
      say("on");
    } catch {
      wanted = true;
      rest = patience = Math.min(MINUTE, 2 * patience);
      say("off");
    } finally {
      busy = false;
      free = performance.now() + Math.max(rest, SHARE * (performance.now() - began));
    }
  };

  const soon = () => {
    clearTimeout(timer);
    if (ended || document.hidden) return;
    const soonest = Math.max(0, free - performance.now());
    const unfinished = document.querySelector("main [data-live] [data-soon]");
    const pause = wanted ? soonest : unfinished ? Math.max(soonest, 1000 * unfinished.dataset.soon) : MINUTE;
    timer = setTimeout(async () => {
      if (!busy) await look();
      soon();
    }, pause);
  };

  const end = () => {
    ended = true;
    close();
    say("ended");
  };

  const open = () => {
    close();
    stream = new EventSource(told.dataset.source);
    stream.onmessage = (frame) => {
      if (frame.data !== version) want();
      else if (!wanted) say("on");
    };
    stream.addEventListener("over", end);
    stream.onerror = () => {
      say("off");
      if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      want(); // the answer of the page tells whether we are still signed in
      again = setTimeout(open, 2 * patience);
    };
    soon();
  };

  const close = () => {
    clearTimeout(timer);
    clearTimeout(again);
    stream?.close();
  };

  const want = () => {
    wanted = true;
    soon();
  };

  if (document.querySelector("main [data-live][id]")) {
    document.addEventListener("visibilitychange", () => (document.hidden || ended ? close() : open()));
    document.addEventListener("focusout", () => owed && want());
    addEventListener("pagehide", close);
    addEventListener("pageshow", (shown) => shown.persisted && !ended && open());
    if (!document.hidden) open();
  }
}
