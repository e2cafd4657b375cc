// The box an agent writes in. A draft outlives a reload; it is gone when what it became is stored.
import { change, words } from "./server.js";
import { toast, trouble } from "./toasts.js";
import { at, act, number } from "./ticket.js";
import { down, queue, ticket } from "./live.js";
import { toggle } from "./translate.js";

const WRITING = 4000;

const form = document.getElementById("composer");
const text = form?.elements.text;
const key = () => `draft:${number()}`;
let mode = "reply";
let told = 0;
let sending = false;

export function write(as = "reply") {
  if (!form) return;
  choose(as);
  text.focus();
}

export function insert(words) {
  text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
  text.focus();
  text.dispatchEvent(new Event("input"));
}

export function suggest() {
  const first = form?.querySelector(".suggestion");
  if (first) insert(first.dataset.insert);
}

export async function send(then = "") {
  if (!form || sending || !(text.value.trim() || form.elements.files.files.length)) return;
  sending = true;
  form.classList.add("sending");
  const fields = new FormData(form);
  fields.set("then", then);
  try {
    const said = await change(at(mode), fields);
    done(said);
  } catch (error) {
    trouble(error);
  }
  sending = false;
  form.classList.remove("sending");
}

function done(said) {
  form.reset();
  files();
  sessionStorage.removeItem(key());
  preview(false);
  if (said.message && said.seconds) {
    const note = toast(words().sent, { seconds: said.seconds, label: words().undo, act: () => unsent(said.message) });
    note.dataset.unsend = said.message;
  }
  ticket();
  queue();
  down();
}

export async function unsent(message) {
  const said = await act("unsend", { message });
  if (!said?.text) return;
  text.value = said.text;
  write();
}

export function undo() {
  const last = document.querySelector(".toast[data-unsend]");
  if (!last) return act("undo");
  last.remove();
  unsent(last.dataset.unsend);
}

function choose(as) {
  mode = as;
  form.classList.toggle("noting", as === "note");
  for (const tab of form.querySelectorAll("[data-mode]")) tab.setAttribute("aria-selected", tab.dataset.mode === as);
}

async function preview(on = form.querySelector(".shown").hidden) {
  const shown = form.querySelector(".shown");
  if (on) {
    const said = await change("/desk/preview", { text: text.value });
    shown.innerHTML = said.html;
  }
  shown.hidden = !on;
  text.hidden = on;
}

// With words in the box those are translated; without, what the user said is.
async function translate() {
  if (!text.value.trim()) return toggle();
  const said = await change("/desk/translate", { text: text.value, to: form.dataset.language });
  text.value = said.text;
  text.dispatchEvent(new Event("input"));
}

function files() {
  const list = form.querySelector(".chosen");
  list.replaceChildren(...[...form.elements.files.files].map((file) => {
    const item = document.createElement("li");
    item.textContent = file.name;
    return item;
  }));
}

function writing() {
  sessionStorage.setItem(key(), text.value);
  if (Date.now() - told < WRITING) return;
  told = Date.now();
  change(at("here"), { writing: "yes" }).catch(() => { told = 0; });
}

if (form) {
  text.value = sessionStorage.getItem(key()) ?? "";
  text.addEventListener("input", writing);
  form.elements.files.addEventListener("change", files);
  form.addEventListener("submit", (event) => { event.preventDefault(); send(event.submitter?.value ?? ""); });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.mode) write(button.dataset.mode);
    if (button?.dataset.insert) insert(button.dataset.insert);
    if (button && "preview" in button.dataset) preview().catch(trouble);
    if (button && "translate" in button.dataset) translate().catch(trouble);
  });
  if (location.hash === "#reply") write();
}
