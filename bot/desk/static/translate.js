// What the user says in the agent's language, beneath what they wrote, once the agent asked for it on this page.
import { change } from "./server.js";
import { trouble } from "./toasts.js";
import { at } from "./ticket.js";

const known = new Map();
let on = false;

function put(bubble, text) {
  const said = document.createElement("p");
  said.className = "text translated";
  said.dir = "auto";
  said.textContent = text;
  bubble.append(said);
}

async function one(item) {
  const id = item.id.replace("message-", "");
  if (!known.has(id)) known.set(id, (await change(at("translate"), { message: id })).text);
  const bubble = item.querySelector(".bubble");
  if (!bubble.querySelector(".translated")) put(bubble, known.get(id));
}

// After every change of the conversation, too: what was translated stands there again.
export async function show() {
  if (!on) return;
  try {
    for (const item of document.querySelectorAll(".said.in[data-foreign]")) await one(item);
  } catch (error) {
    on = false;
    trouble(error);
  }
}

export function toggle() {
  on = !on;
  if (on) return show();
  for (const said of document.querySelectorAll(".translated")) said.remove();
}

document.addEventListener("talk", show);
