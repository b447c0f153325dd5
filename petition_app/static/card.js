// A card's address carries its code behind a #, which browsers send to no server. It goes into the field and out of
// the address bar, so that it stays in no history; nothing is sent before somebody presses the button.
"use strict";

(() => {
  const field = document.querySelector("input[name=code]");
  const code = /^#([0-9A-Z]{4}(?:-[0-9A-Z]{4}){2})$/i;

  function take() {
    const found = code.exec(window.location.hash);
    if (!field || !found) return;
    field.value = found[1].toUpperCase();
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    field.form.querySelector("button").focus();
  }

  window.addEventListener("hashchange", take);
  take();
})();
