// Dialogs: those that send a form to the ticket, and those in which something is picked from a list.
import { part } from "./server.js";
import { trouble } from "./toasts.js";
import { act } from "./ticket.js";
import { insert } from "./composer.js";

const chosen = new Map([["phrases", insert], ["answers", insert]]);
let waiting;

export function open(name) {
  const dialog = document.getElementById(name);
  if (!dialog || dialog.open) return;
  dialog.showModal();
  if (dialog.dataset.from) fill(dialog).catch(trouble);
}

// `then` gets the value of what is picked.
export function pick(name, then) {
  chosen.set(name, then);
  open(name);
}

async function fill(dialog) {
  const search = dialog.querySelector("input");
  const html = await part(`${dialog.dataset.from}&q=${encodeURIComponent(search.value)}`);
  dialog.querySelector(".picks").innerHTML = html;
}

document.addEventListener("input", (event) => {
  const dialog = event.target.closest("dialog.picker");
  if (!dialog) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => fill(dialog).catch(trouble), 150);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const dialog = button.closest("dialog");
  if (button.dataset.open) open(button.dataset.open);
  if ("close" in button.dataset) dialog.close();
  if (button.classList.contains("pick")) { dialog.close(); chosen.get(dialog.id)(button.dataset.value); }
});

document.addEventListener("submit", (event) => {
  const name = event.target.dataset.post;
  if (!name) return;
  event.preventDefault();
  event.target.closest("dialog").close();
  act(name, new FormData(event.target));
});
