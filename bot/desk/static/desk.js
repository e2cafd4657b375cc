// The desk's page: its parts, and what happens when it opens.
import "./times.js";
import "./keys.js";
import "./dialogs.js";
import { change, part } from "./server.js";
import { trouble } from "./toasts.js";
import { down, listen, queue } from "./live.js";

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-quiet]");
  if (form) change(form.getAttribute("action"), new FormData(form)).then(queue).catch(trouble);
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-more]");
  if (!button) return;
  const place = button.parentElement;
  const html = await part(button.dataset.more).catch(trouble);
  if (html) place.outerHTML = html;
});

// That somebody is there is told by what they do, at most every half minute.
const ACTIVE = 30_000;
let told = 0;
function active() {
  if (Date.now() - told < ACTIVE) return;
  told = Date.now();
  change("/desk/active").catch(() => { told = 0; });
}
for (const sign of ["pointermove", "keydown", "scroll"]) document.addEventListener(sign, active, { passive: true, capture: true });

active();
down();
listen();
