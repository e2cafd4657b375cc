// Keeps the wall as the desk is: asked for again when a ticket changes, at most every two seconds, and every half minute.
import { part } from "./server.js";
import { tell } from "./times.js";

const LEAST = 2_000, MOST = 30_000;
const wall = document.getElementById("wall");
const cut = document.getElementById("cut");

let asked = Date.now();
let planned = 0;

async function renew() {
  planned = 0;
  asked = Date.now();
  try {
    wall.innerHTML = await part("/desk/parts/wall");
    tell(wall);
    cut.hidden = true;
  } catch {
    // What stands there is old: whoever looks from afar must not take it for new.
    cut.hidden = false;
  }
}

function soon() {
  planned ||= setTimeout(renew, Math.max(0, asked + LEAST - Date.now()));
}

const source = new EventSource(`/desk/live?event=${wall.dataset.event}`);
source.addEventListener("queue", soon);
source.addEventListener("over", () => location.reload());
source.addEventListener("error", () => { cut.hidden = false; });
source.addEventListener("open", soon);
setInterval(soon, MOST);
