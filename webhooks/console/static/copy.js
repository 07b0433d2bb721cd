// Gives each [data-copy] value a button that copies it; without this script the value is selected by hand.
const dress = (box) => {
  if (box.querySelector("button")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = box.dataset.copy;
  button.setAttribute("aria-label", `${box.dataset.copy}: ${box.dataset.of}`);
  button.addEventListener("click", async () => {
    const value = box.querySelector("code");
    getSelection().selectAllChildren(value);
    try {
      await navigator.clipboard.writeText(value.textContent);
    } catch {
      return; // the browser forbids it; the value is selected
    }
    getSelection().removeAllRanges();
    button.textContent = box.dataset.copied;
    setTimeout(() => (button.textContent = box.dataset.copy), 2000);
    button.blur();
  });
  box.append(button);
};
const dressAll = () => document.querySelectorAll("[data-copy]").forEach(dress);
dressAll();
new MutationObserver(dressAll).observe(document.querySelector("main"), { childList: true, subtree: true });
