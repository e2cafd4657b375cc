// What happens: connects, keeps what is unsent, tells the view.
// Seconds until a stream is opened afresh, so that links to files (an hour) and tokens never end under a reader.
const REFRESH = 3000;
// Seconds after which a page nobody looks at gives its connection back: browsers allow six to one server over all tabs.
const AWAY = 20;
const PLANNED = 'planned';

const wish = options.language || document.documentElement.lang || navigator.language || 'en';
const primary = tag => tag.toLowerCase().split('-')[0];
const unread = new Set();
let unsent = kept.keys('unsent:').map(kept.get).sort((a, b) => a.at - b.at);
let attached = [], heard = { owner: 'bot' }, newest = 0, phase = 'idle';
let token, limits, stream, isOpen, from, away, leaving, running, ready, sending, hitch, blocked, tries, pauses = {};

const open = (focus = true) => {
  if (isOpen) return;
  isOpen = true;
  from = document.activeElement;
  tab.set('open', true);
  show(true, focus);
  count();
  connect();
};

const close = () => {
  if (!isOpen) return;
  isOpen = false;
  tab.drop('open');
  show(false, true);
  if (from !== document.body && from.id !== 'frontdesk') from.focus();
};

const count = () => {
  const seen = Math.max(kept.get('seen'), isOpen && !document.hidden ? newest : 0);
  if (seen) kept.set('seen', seen);
  for (const id of unread) if (id <= seen) unread.delete(id);
  showUnread(unread.size);
};

const look = () => {
  clearTimeout(leaving);
  if (document.hidden) leaving = setTimeout(() => { away = true; stream?.abort(PLANNED); }, AWAY * 1000);
  else {
    away = false;
    count();
    wake();
    connect();
  }
};

const turn = now => {
  phase = now;
  const code = phase === 'blocked' ? blocked : phase === 'online' ? hitch : '';
  state.dataset.kind = code ? 'offline' : phase;
  const text = code && code !== 'offline' ? reason(code) : texts.ui[code || phase] || '';
  if (state.textContent !== text) state.textContent = text;
};

// Waits longer each time, at most half a minute, unless `wake` ends it.
const pause = (name, tries, after = 0) => new Promise(done => {
  pauses[name] = done;
  setTimeout(done, 1000 * Math.max(after, Math.min(30, 0.5 * 2 ** tries) * (0.75 + Math.random() / 2)));
});

const wake = () => { for (const name in pauses) pauses[name](); };

const wanted = () => !away && phase !== 'blocked' && (isOpen || kept.get('talked'));

const connect = async () => {
  if (running) return;
  running = true;
  for (tries = 0; wanted(); tries += 1) {
    if (phase !== 'offline') turn('connecting');
    stream = null;
    try {
      await enter();
      await listen();
    } catch (error) { stumble(error); }
    if (wanted()) await pause('connect', tries);
  }
  running = false;
};

const stumble = ({ status, code }) => {
  if (status === 401 && !options.identity) expire();
  else if (status === 401 || status === 403) {
    blocked = code;
    turn('blocked');
  } else if (stream?.signal.reason !== PLANNED) turn('offline');
};

const enter = async () => {
  const who = options.identity ? { identity: options.identity } : { token: kept.get('token') };
  const session = await post('session', JSON.stringify({ language: wish, ...who }), { 'Content-Type': 'application/json' });
  ({ token, limits } = session);
  if (!options.identity) kept.set('token', token);
  fileLimit = limits.file_bytes / 1e6;
  picker.accept = limits.suffixes.join();
  speak(session.language, session.brand);
  showOwner(heard);
  count();
};

// The token is worth nothing any more: a new conversation, and what was never sent goes there.
const expire = () => {
  kept.drop('token');
  kept.drop('seen');
  newest = 0;
  unread.clear();
  for (const key of shown.keys()) remove(key);
  put({ author: 'system', text: texts.ui.expired, at: Date.now() }, 0, 'expired');
  unsent.forEach(drawOwn);
};

const listen = async () => {
  stream = new AbortController();
  const refresh = setTimeout(() => stream.abort(PLANNED), REFRESH * 1000);
  try {
    await readEvents(stream, {
      transcript: catchUp,
      message: message => { receive(message); hear(message); count(); },
      signal: ({ signal }) => typing(signal === 'typing'),
      waiting: ({ wait }) => showOwner(heard = { ...heard, wait }),
    });
  } finally {
    clearTimeout(refresh);
    typing(false);
  }
};

const catchUp = transcript => {
  tries = 0;
  transcript.messages.forEach(receive);
  hear(transcript);
  count();
  ready = true;
  turn('online');
  wake();
  flush();
};

const receive = message => {
  const { id, part, event_id, author } = message;
  put(message, id + part / 1000, `${id}.${part}`);
  unsent = unsent.filter(mine => mine.event_id !== event_id);
  kept.drop(`unsent:${event_id}`);
  kept.set('talked', true);
  newest = Math.max(newest, id);
  if (author === 'user') return;
  typing(false);
  unread.add(id);
};

const hear = ({ owner, agent, ticket }) => {
  if (!owner) return;
  heard = { ...heard, owner, ticket, agent: agent || (owner === heard.owner && heard.agent) };
  showOwner(heard);
};

const attach = files => {
  const more = [...attached, ...files], code = limits ? unfit(more) : '';
  fault.textContent = code && reason(code);
  if (!code) attached = more;
  showFiles(attached);
  input.focus();
};

const unfit = files => {
  const known = ({ name }) => !name.includes('.') || limits.suffixes.some(suffix => name.toLowerCase().endsWith(suffix));
  if (!files.every(file => file.size && known(file))) return 'file_type';
  if (files.length > limits.files) return 'too_many_files';
  return files.reduce((sum, file) => sum + file.size, 0) > limits.file_bytes ? 'file_too_large' : '';
};

const detach = index => {
  attached.splice(index, 1);
  attach([]);
};

const submit = () => {
  const text = input.value.replace(/[^\P{Cc}\n\t]/gu, '').trim();
  if (!text && !attached[0]) return;
  if ([...text].length > limits?.text) fault.textContent = reason('too_long');
  else {
    say(text, undefined, attached);
    write('');
    showFiles(attached = []);
  }
};

const choose = (title, payload) => {
  say(title, payload);
  (phone.matches ? log : input).focus();
};

const say = (text, choice, files = []) => {
  const at = Math.max(Date.now(), (unsent.at(-1)?.at || 0) + 1);
  const message = { event_id: uuid(), text, choice, at, names: files.map(({ name, size }) => ({ name, size })) };
  keep(message);
  kept.set('talked', true);
  unsent.push(Object.assign(message, { files }));
  drawOwn(message);
  connect();
  flush();
};

const keep = message => kept.set(`unsent:${message.event_id}`, { ...message, files: undefined });

const drawOwn = message => {
  put({ ...message, author: 'user', choices: [], files: message.names }, 1e15 + message.at, message.event_id);
  note(message);
};

const mark = (message, code) => {
  message.failed = code;
  keep(message);
  note(message);
};

const retry = key => {
  mark(unsent.find(one => one.event_id === key), undefined);
  flush();
};

const edit = key => {
  const { text, files = [] } = unsent.find(one => one.event_id === key);
  unsent = unsent.filter(one => one.event_id !== key);
  kept.drop(`unsent:${key}`);
  remove(key);
  write(text);
  attach(files);
};

// One at a time and in order. What may have arrived is sent again under its own id, so it cannot count twice.
const flush = async () => {
  if (sending) return;
  sending = true;
  let failures = 0;
  for (let message; ready && (message = unsent.find(one => !one.failed));) {
    if (message.names[0] && !message.files) mark(message, 'file_gone');
    else try {
      receive((await post('messages', form(message), bearer())).message);
      failures = 0;
      if (phase === 'offline') wake();
    } catch ({ status, code, after }) {
      if (status === 401) {
        ready = false;
        stream?.abort(PLANNED);
      } else if (!status || status === 429 || status >= 500) {
        hitch = code;
        turn(phase);
        await pause('flush', failures++, after);
      } else mark(message, code);
    }
  }
  sending = false;
  hitch = '';
  turn(phase);
};

const form = message => {
  const body = new FormData();
  for (const key of ['event_id', 'text', 'choice']) if (message[key]) body.append(key, message[key]);
  body.append('language', wish);
  for (const file of message.files || []) body.append('file', file);
  return body;
};

const start = () => {
  speak(primary(wish));
  showOwner(heard);
  mount();
  unsent.forEach(drawOwn);
  count();
  addEventListener('online', wake);
  addEventListener('offline', () => stream?.abort());
  document.addEventListener('visibilitychange', look);
  if (((options.open ?? 'false') !== 'false' || tab.get('open')) && !phone.matches) open(false);
  else connect();
  window.Frontdesk = { open, close, ask: text => { open(); say(`${text}`); } };
};
if (document.body) start();
else addEventListener('DOMContentLoaded', start);
