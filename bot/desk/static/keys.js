// Every key of the desk; the list on "?" is the server's, from the same names.
import { begin, number } from "./ticket.js";
import { open } from "./dialogs.js";
import { send, suggest, undo, write } from "./composer.js";

const rows = () => [...document.querySelectorAll(".row")];

function move(step) {
  const all = rows();
  const now = all.indexOf(document.activeElement.closest?.(".row") ?? document.querySelector(".row[aria-current]"));
  all[Math.max(0, Math.min(all.length - 1, now + step))]?.focus();
}

// Without an open ticket: the next in line.
function reply(as) {
  if (number()) return write(as);
  const first = document.activeElement.closest?.(".row") ?? rows()[0];
  if (first) location.assign(`${first.href}#reply`);
}

const KEYS = {
  "?": () => open("keys"),
  "/": () => document.querySelector("#search input").focus(),
  j: () => move(1),
  k: () => move(-1),
  o: () => location.assign("/desk/oldest#reply"),
  r: () => reply("reply"),
  n: () => reply("note"),
  t: () => begin("take"),
  s: () => begin("solve"),
  b: () => begin("release"),
  a: () => begin("assign"),
  h: () => begin("hold"),
  x: () => begin("reopen"),
  m: () => begin("merge"),
  p: () => begin("split"),
  i: () => begin("link"),
  e: () => open("change"),
  c: () => open("phrases"),
  f: () => open("answers"),
  l: () => document.querySelector("[data-translate]")?.click(),
  ".": suggest,
  u: undo,
};

const ALONE = new Set(["?", "/", "j", "k", "o", "r", "n"]);

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, textarea, select");
  if (event.key === "Escape" && field) return field.blur();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form?.id === "composer") {
    event.preventDefault();
    return send(event.shiftKey ? "solve" : "");
  }
  const act = KEYS[event.key];
  const elsewhere = field || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]");
  if (!act || elsewhere || !(number() || ALONE.has(event.key))) return;
  event.preventDefault();
  act();
});
