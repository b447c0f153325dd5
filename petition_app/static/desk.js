// The desk: keys, what is still asked for, and a hold that lasts while one works. All of it works without: a key only
// follows the link, presses the button or ticks the box that shows it.
"use strict";

(() => {
  const remembered = "countersign-keys";
  const acts = document.querySelectorAll("[data-key]");
  const toggle = document.querySelector("[data-keys]");
  const typing = (element) => element.closest("input:not([type=radio]):not([type=checkbox]), textarea, select") !== null;
  const on = () => window.localStorage.getItem(remembered) !== "off";
  const shown = (element) => element.getClientRects().length > 0;
  const reachable = (act) => shown(act) || (act.labels && [...act.labels].some(shown)) || act.closest("details");

  function firstField(section) {
    const field = section.querySelector("select, textarea, input:not([type=hidden]), button:not(.visually-hidden)");
    return (field && field.type === "radio" && section.querySelector(`input[name=${field.name}]:checked`)) || field;
  }

  function open(section) {
    const field = section && firstField(section);
    if (field) field.focus({ preventScroll: true });
  }

  // Where the form stands beside the case, the case stays where it is.
  function goTo(hash) {
    const y = window.scrollY;
    if (window.location.hash !== hash) window.location.hash = hash;
    if (!window.matchMedia("(min-width: 64rem)").matches) return;
    window.scrollTo(0, y);
    window.requestAnimationFrame(() => window.scrollTo(0, y));
  }

  function follow(act) {
    if (act.tagName === "A") {
      goTo(act.hash);
      open(document.querySelector(act.hash));
      return;
    }
    const into = act.dataset.into && document.getElementById(act.dataset.into);
    if (into) {
      const fold = into.closest("details");
      if (fold) fold.open = true;
      into.focus();
      return;
    }
    act.click();
  }

  // The form that stands open, for keys that are pressed outside of any field.
  function formAtHand() {
    const section = [...document.querySelectorAll(".case-acts .act")].find(shown);
    return section && section.querySelector("form");
  }

  function record(form, stay) {
    const button = form.querySelector(stay ? "[data-record-stay]" : "[data-record]");
    if (button) form.requestSubmit(button);
    else form.requestSubmit();
  }

  // Keys are matched by their place on the keyboard, so that they work under a Russian layout too.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.form || formAtHand();
      if (!form) return;
      event.preventDefault();
      record(form, event.shiftKey);
      return;
    }
    if (event.key === "Enter" && event.target.id === "roster-words") {
      event.preventDefault();
      event.target.form.requestSubmit(document.querySelector("[data-search]"));
      return;
    }
    if (event.key === "Escape" && typing(event.target)) event.target.blur();
    const plain = on() && !(event.ctrlKey || event.metaKey || event.altKey || event.repeat);
    if (!plain || typing(event.target) || (event.target.closest("summary") && /^(Enter|Space)$/.test(event.code))) return;
    for (const act of acts) {
      const code = /^\d$/.test(act.dataset.key) ? `Digit${act.dataset.key}` : `Key${act.dataset.key}`;
      if (event.shiftKey && act.name !== "how") continue;
      if (event.code === code && reachable(act) && (act.name !== "how" || act.form === formAtHand())) {
        event.preventDefault();
        follow(act);
        if (event.shiftKey) follow(act.form.querySelector("[data-into]"));  // On to the words about it.
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
    if (act.tagName !== "A") continue;
    act.addEventListener("click", (event) => {
      event.preventDefault();
      follow(act);
    });
  }
  const failed = document.querySelector(".act-failed");
  // The browser moves the focus to the fragment last, so ours waits for it.
  if (failed) {
    window.addEventListener("load", () =>
      setTimeout(() => {
        if (window.matchMedia("(min-width: 64rem)").matches) window.scrollTo(0, 0);
        else failed.scrollIntoView();
        open(failed);
      }),
    );
  }

  // A form is sent once: a second press or Enter within fifteen seconds sends nothing.
  const sent = new Map();
  document.addEventListener("submit", (event) => {
    if (Date.now() - (sent.get(event.target) || 0) < 15000) event.preventDefault();
    else sent.set(event.target, Date.now());
  });
  window.addEventListener("pageshow", () => sent.clear());

  // What a "verified" still lacks; its buttons are green once nothing is.
  const verify = document.querySelector("form[data-asks]");
  if (verify) {
    const chosen = (name) => verify.querySelector(`input[name=${name}]:checked`);
    const written = (name) => verify.elements[name] && verify.elements[name].value.trim() !== "";
    const proved = (how) => {
      if (verify.dataset.proved === "1") return true;
      if (!how) return false;
      if ("enough" in how.dataset) return true;
      return Number(how.dataset.least || 0) > 0 && Number(verify.elements.strength.value || 0) >= Number(how.dataset.least);
    };
    const met = {
      entry: () => verify.dataset.entry !== "1" || chosen("entry") !== null,
      words: () => !(chosen("entry") && "words" in chosen("entry").dataset) || written("grounds"),
      how: () => proved(chosen("how")),
      agrees: () => chosen("agrees") !== null && chosen("agrees").value === "1",
    };
    const look = () => {
      let missing = 0;
      for (const need of verify.querySelectorAll("[data-need]")) {
        need.hidden = met[need.dataset.need]();
        missing += need.hidden ? 0 : 1;
      }
      verify.querySelector(".needs").hidden = missing === 0;
      for (const button of document.querySelectorAll("form[data-asks] [data-record], [data-verify]")) {
        button.classList.toggle("btn-primary", missing === 0);
        button.classList.toggle("btn-outline-secondary", missing > 0);
      }
      const by = chosen("entry");
      const more = verify.querySelector(".more-who");
      if (by && "words" in by.dataset && more) more.open = true;
      const how = chosen("how");
      const fold = verify.querySelector(".more-evidence");
      if (how && /^(profile_seen|vouched|document)$/.test(how.value) && fold) fold.open = true;
    };
    verify.addEventListener("change", look);
    verify.addEventListener("input", look);
    look();
  }

  // The hold lasts for ten minutes after the last sign of work; two minutes before its end it says so.
  const held = document.getElementById("held");
  if (held) {
    const words = held.textContent;
    let until = Date.now() + Number(held.dataset.seconds) * 1000;
    let renewed = Date.now();
    let waiting = false;
    const say = (text, alarm) => {
      if (held.textContent !== text) held.textContent = text;
      held.classList.toggle("held-soon", alarm);
    };
    const clock = (moment) => new Date(moment).toISOString().slice(11, 16);
    const tell = () => {
      const left = until - Date.now();
      if (left <= 0) say(held.dataset.over, true);
      else if (left <= 120000) say(held.dataset.soon, true);
      else say(words.replace(/\d\d:\d\d/, clock(until)), false);
    };
    const renew = async () => {
      if (waiting || Date.now() - renewed < 60000) return;
      waiting = true;
      renewed = Date.now();
      try {
        const answer = await fetch(held.dataset.hold, {
          method: "POST",
          headers: { Accept: "application/json" },
          body: new URLSearchParams({ csrf_token: held.dataset.token }),
          redirect: "error",
        });
        if (!answer.ok) throw new Error(String(answer.status));
        until = Date.now() + (await answer.json()).seconds * 1000;
        tell();
      } catch (error) {
        if (Date.now() > until || error.message === "409") say(held.dataset.lost, true);
      }
      waiting = false;
    };
    for (const kind of ["keydown", "input", "pointerdown"]) document.addEventListener(kind, renew);
    window.setInterval(tell, 5000);
  }
})();
