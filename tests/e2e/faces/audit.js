() => {
  // The faults of the page as texts: names, contrast (WCAG AA), ids, sideways scroll. Run inside the page.
  const faults = [];
  const seen = (node) => node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const told = (node) => `<${node.localName} id="${node.id}" class="${node.className}"> ${node.textContent.trim().slice(0, 40)}`;
  const named = (id) => document.getElementById(id)?.textContent ?? "";
  const nameOf = (node) =>
    [
      node.getAttribute("aria-label"),
      ...(node.getAttribute("aria-labelledby") ?? "").split(" ").map(named),
      ...[...(node.labels ?? [])].map((label) => label.textContent),
      ["BUTTON", "A", "SUMMARY"].includes(node.tagName) ? node.textContent : "",
      ...[...node.querySelectorAll("img")].map((image) => image.alt),
      ["submit", "button"].includes(node.type) ? node.value : "",
      node.title,
    ].join("").trim();

  for (const node of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
    if (seen(node) && !nameOf(node)) faults.push(`no name: ${told(node)}`);
  }
  for (const image of document.querySelectorAll("img:not([alt])")) faults.push(`no alt: ${image.src}`);
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) faults.push(`id twice: ${id}`);
  if (!document.documentElement.lang) faults.push("no language");
  if (!document.title) faults.push("no title");
  if (!document.querySelector("main")) faults.push("no <main>");
  if (document.querySelectorAll("h1").length !== 1) faults.push("not exactly one <h1>");
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over > 0) faults.push(`wider than the screen by ${over} px`);

  const pencil = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colour = (text) => {
    pencil.clearRect(0, 0, 1, 1);
    pencil.fillStyle = text;
    pencil.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pencil.getImageData(0, 0, 1, 1).data;
    return { rgb: [red, green, blue], alpha: alpha / 255 };
  };
  const light = (rgb) => {
    const [red, green, blue] = rgb.map((part) => part / 255).map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (node) => {
    for (let up = node; up; up = up.parentElement) {
      const found = colour(getComputedStyle(up).backgroundColor);
      if (found.alpha > 0.99) return found.rgb;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  const paled = (node) => {
    let share = colour(getComputedStyle(node).color).alpha;
    for (let up = node; up; up = up.parentElement) share *= getComputedStyle(up).opacity;
    return share;
  };
  const mixed = (top, below, share) => top.map((part, place) => part * share + below[place] * (1 - share));
  for (const node of document.querySelectorAll("body *")) {
    const speaks = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!speaks || !seen(node) || node.closest(":disabled, noscript, option")) continue;
    const style = getComputedStyle(node);
    const below = ground(node);
    const ink = mixed(colour(style.color).rgb, below, paled(node));
    const [one, two] = [light(ink), light(below)].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (two + 0.05);
    const big = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (big ? 3 : 4.5)) faults.push(`contrast ${ratio.toFixed(2)}: ${told(node)}`);
  }
  return faults;
}
