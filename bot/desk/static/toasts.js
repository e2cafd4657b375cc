// Short notices at the edge of the page, each with at most one thing to do about it.
import { words } from "./server.js";

const place = document.getElementById("toasts");

// `seconds`: how long it stands; the button's `act` takes it away.
export function toast(text, { look = "", seconds = 6, label, act } = {}) {
  const box = document.createElement("div");
  box.className = `toast ${look}`;
  box.append(text);
  if (act) {
    const button = document.createElement("button");
    button.textContent = label;
    button.addEventListener("click", () => { box.remove(); act(); });
    box.append(button);
  }
  place.append(box);
  setTimeout(() => box.remove(), seconds * 1000);
  return box;
}

export function trouble(error) {
  // What fetch throws where nobody answers is of the browser's own making, in its words.
  toast(error instanceof TypeError ? words().offline : error.message, { look: "bad", seconds: 12 });
}
