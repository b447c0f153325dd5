// A button that copies what another element says; without a clipboard it stays hidden, and the text can be marked.
"use strict";

(() => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    const words = button.textContent;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.value === undefined ? source.textContent : source.value);
      } catch {
        return;
      }
      button.textContent = button.dataset.done;
      window.setTimeout(() => {
        button.textContent = words;
      }, 2000);
    });
  }
})();
