// The desk's page: its parts, and what happens when it opens.
import "./times.js";
import "./keys.js";
import "./dialogs.js";
import { change } from "./server.js";
import { trouble } from "./toasts.js";
import { down, listen, queue } from "./live.js";

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-quiet]");
  if (form) change(form.getAttribute("action"), new FormData(form)).then(queue).catch(trouble);
});

down();
listen();
