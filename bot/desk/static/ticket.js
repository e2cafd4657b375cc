// What can be done with the open ticket, by button and by key.
import { change, json, words } from "./server.js";
import { toast, trouble } from "./toasts.js";
import { queue, ticket } from "./live.js";

export function number() {
  return document.querySelector(".ticket")?.dataset.number;
}

export const at = (rest) => `/desk/tickets/${number()}/${rest}`;

export async function act(name, fields = {}) {
  try {
    const said = await change(at(name), fields);
    if (said.go) return location.assign(said.go);
    if (said.told) toast(said.told, said.undo ? { label: words().undo, act: () => act("undo") } : {});
    await Promise.all([ticket(), queue()]);
    return said;
  } catch (error) {
    trouble(error);
  }
}

async function original(id) {
  const said = await json(at(`messages/${id}/original`));
  const dialog = document.getElementById("original");
  dialog.querySelector("pre").textContent = said.text;
  dialog.showModal();
}

// Acts that need more than a click have a dialog of the same name.
export function begin(name) {
  const dialog = document.getElementById(name);
  return dialog ? dialog.showModal() : act(name);
}

document.getElementById("ticket").addEventListener("click", (event) => {
  const { act: name, intent, message, intents, retry, sure, unsend, original: id } = event.target.closest("button")?.dataset ?? {};
  if (name) begin(name);
  if (intent) act("intent", { message, intent });
  if (intents) import("./dialogs.js").then(({ pick }) => pick("intents", (value) => act("intent", { message: intents, intent: value })));
  if (retry && (!sure || confirm(words().sure))) act("retry", { message: retry, sure: sure ? "yes" : "" });
  if (unsend) import("./composer.js").then(({ unsent }) => unsent(unsend));
  if (id) original(id).catch(trouble);
});
