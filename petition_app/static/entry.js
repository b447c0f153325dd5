// A page that answers a form takes the place of that form in the browser's history: its entry becomes the address of the
// page that asks, so that Back and Reload need not send the form once more, and nothing that was typed stays in it. What
// only the page knows (its token, never a code, a word or a name) goes along, and the page that asks shows it again.
"use strict";

(() => {
  const { entry, fields, again } = document.currentScript.dataset;

  // Of an address with a card's code behind a #, `card.js` takes care.
  function showAgain(known) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = again;
    for (const [name, value] of Object.entries({ ...known, act: "show" })) {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name, value });
      form.append(input);
    }
    form.hidden = true;
    document.body.append(form);
    form.submit();
  }

  // What is being written would be lost with the page: then the browser asks first.
  function guard(text) {
    let isSent = false;
    document.addEventListener("submit", () => (isSent = true));
    window.addEventListener("pageshow", () => (isSent = false));
    window.addEventListener("beforeunload", (event) => {
      if (!isSent && text.value.trim() && text.value !== text.defaultValue) event.preventDefault();
    });
  }

  if (entry) {
    window.history.replaceState({ fields: JSON.parse(fields) }, "", entry);
    document.querySelectorAll("textarea").forEach(guard);
  } else if (window.history.state?.fields && !window.location.hash) showAgain(window.history.state.fields);
})();
