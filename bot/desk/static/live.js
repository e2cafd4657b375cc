// Keeps what is on the page as it is on the server: a stream says what changed, and that part is asked for again.
import { part } from "./server.js";
import { tell } from "./times.js";
import { number } from "./ticket.js";

const busy = new Map();

// One request a part at a time; what changes meanwhile is asked for once more.
async function renew(name, work) {
  if (busy.has(name)) return busy.set(name, true);
  busy.set(name, false);
  try {
    await work();
  } catch {
    // The stream comes back by itself, and with it everything is asked for again.
  }
  const again = busy.get(name);
  busy.delete(name);
  if (again) renew(name, work);
}

function put(place, html) {
  const focused = document.activeElement?.closest("[data-number], [id]");
  const kept = place.contains(focused) && (focused.id ? `#${focused.id}` : `[data-number="${focused.dataset.number}"]`);
  place.innerHTML = html;
  tell(place);
  if (kept) place.querySelector(kept)?.focus();
}

export function queue() {
  const search = location.search;
  renew("nav", async () => {
    if (!document.activeElement?.closest("#nav select")) put(document.getElementById("nav"), await part(`/desk/parts/nav${search}`));
  });
  renew("list", async () => {
    const open = number() ? `&open=${number()}` : "";
    put(document.getElementById("list"), await part(`/desk/parts/list${search || "?"}${open}`));
  });
}

export function ticket() {
  if (!number()) return;
  renew("ticket", async () => {
    const place = document.getElementById("live");
    const html = await part(`/desk/parts/tickets/${number()}${location.search}`);
    const folded = place.querySelector(".brief")?.open === false;
    const low = bottom();
    put(place, html);
    if (folded) place.querySelector(".brief").open = false;
    if (low) down();
    document.dispatchEvent(new Event("talk"));
  });
}

function scroller() {
  return document.querySelector(".talk");
}

function bottom() {
  const talk = scroller();
  return talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
}

export function down() {
  const talk = scroller();
  if (talk) talk.scrollTop = talk.scrollHeight;
}

// What the page shows is where the stream begins; after a cut it begins there again, and everything is asked for anew.
export function listen() {
  const shown = new URLSearchParams({
    event: document.getElementById("list").dataset.event,
    ticket: number() ?? "",
    mark: document.querySelector("#live [data-mark]")?.dataset.mark ?? "",
  });
  const source = new EventSource(`/desk/live?${shown}`);
  source.addEventListener("queue", queue);
  source.addEventListener("ticket", ticket);
  source.addEventListener("over", () => location.reload());
  source.addEventListener("error", () => document.body.classList.add("offline"));
  source.addEventListener("open", () => document.body.classList.remove("offline"));
}
