// Goes on with the next slice by itself; without it, the button does the same.
"use strict";

(() => {
  const form = document.querySelector("form[data-go-on]");
  if (form) window.setTimeout(() => form.requestSubmit(), 300);
})();
