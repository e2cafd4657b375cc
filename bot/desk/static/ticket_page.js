/* Times in the reader's own zone; without this script they stand there in UTC. */
for (const time of document.querySelectorAll("time")) {
  const options = { dateStyle: "medium", timeStyle: "short" };
  time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, options);
}
/* A form is sent once, however often the button is pressed. */
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  });
}
