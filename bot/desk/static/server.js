// What the page asks of the server. Every change carries the session's token; a session that is over leads to the login.
const token = document.querySelector("meta[name=csrf]").content;

async function heard(answer) {
  if (answer.status === 401) location.assign(`/desk/login?next=${encodeURIComponent(location.pathname)}`);
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Error(typeof said.detail === "string" ? said.detail : words().failed);
}

export function words() {
  return JSON.parse(document.getElementById("words").content.textContent);
}

export async function part(address) {
  const answer = await fetch(address, { headers: { "X-Requested-With": "desk" } });
  return (await heard(answer)).text();
}

export async function json(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json", "X-Requested-With": "desk" } });
  return (await heard(answer)).json();
}

// `fields`: FormData, or names and values.
export async function change(address, fields = {}) {
  const body = fields instanceof FormData ? fields : form(fields);
  const headers = { Accept: "application/json", "X-CSRF-Token": token, "X-Requested-With": "desk" };
  const answer = await heard(await fetch(address, { method: "POST", headers, body }));
  return answer.status === 204 ? {} : answer.json();
}

function form(fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return body;
}
