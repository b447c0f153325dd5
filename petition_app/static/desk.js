// Keys of the desk. Every act works without them: a key only follows the link or presses the button that shows it.
"use strict";

(() => {
  const remembered = "countersign-keys";
  const acts = document.querySelectorAll("[data-key]");
  const toggle = document.querySelector("[data-keys]");
  const typing = (element) => element.closest("input:not([type=radio]), textarea, select") !== null;
  const on = () => window.localStorage.getItem(remembered) !== "off";
  const shown = (element) => element.getClientRects().length > 0;

  function firstField(section) {
    const field = section.querySelector("select, textarea, input:not([type=hidden]), button");
    return (field && field.type === "radio" && section.querySelector(`input[name=${field.name}]:checked`)) || field;
  }

  function open(section) {
    const field = section && firstField(section);
    if (field) field.focus({ preventScroll: true });
  }

  function follow(act) {
    if (act.tagName !== "A") {
      act.click();
      return;
    }
    window.location.hash = act.hash;
    open(document.querySelector(act.hash));
  }

  // Keys are matched by their place on the keyboard, so that they work under a Russian layout too.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
      return;
    }
    if (event.key === "Escape" && typing(event.target)) event.target.blur();
    const plain = on() && !(event.ctrlKey || event.metaKey || event.altKey || event.repeat);
    if (!plain || typing(event.target) || event.target.closest("summary")) return;
    for (const act of acts) {
      if (event.code === `Key${act.dataset.key}` && shown(act)) {
        event.preventDefault();
        follow(act);
        return;
      }
    }
  });

  // Who dictates or rests a hand on the keyboard can turn the keys off; the browser remembers that and nothing else.
  function show() {
    document.documentElement.classList.toggle("keys-off", !on());
    if (toggle) {
      toggle.hidden = false;
      toggle.textContent = on() ? toggle.dataset.on : toggle.dataset.off;
    }
  }
  if (toggle) {
    toggle.addEventListener("click", () => {
      window.localStorage.setItem(remembered, on() ? "off" : "on");
      show();
    });
  }
  show();

  for (const act of acts) {
    if (act.tagName === "A") act.addEventListener("click", () => setTimeout(() => open(document.querySelector(act.hash))));
  }
  const failed = document.querySelector(".act-failed");
  // The browser moves the focus to the fragment last, so ours waits for it.
  if (failed) window.addEventListener("load", () => setTimeout(() => open(failed)));
})();
