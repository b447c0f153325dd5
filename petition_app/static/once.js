// A form that says so is sent once: its button says that it is on its way, and a second press or Enter sends nothing.
// Without it a form sent twice does no harm either. Where a form says which page is to lie behind it, Back leads there, not
// to a page that only sending the form before it once more would show.
"use strict";

(() => {
  const sending = new Set();

  function restore(form) {
    sending.delete(form);
    for (const button of form.querySelectorAll("button[type=submit][data-words]")) {
      button.textContent = button.dataset.words;
      button.removeAttribute("aria-disabled");
      delete button.dataset.words;
    }
  }

  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (sending.has(form)) {
        event.preventDefault();
        return;
      }
      sending.add(form);
      if (form.dataset.behind && !event.submitter?.name) window.history.replaceState(null, "", form.dataset.behind);
      const button = event.submitter || form.querySelector("button[type=submit]");
      if (!button) return;
      button.dataset.words = button.textContent;
      button.textContent = form.dataset.once;
      button.setAttribute("aria-disabled", "true");
      // An answer may be lost on the way: then the same button sends the same form once more.
      window.setTimeout(() => restore(form), 15000);
    });
  }

  // A page that Back brings as it was can be sent again.
  window.addEventListener("pageshow", () => [...sending].forEach(restore));
})();
