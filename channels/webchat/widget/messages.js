// The conversation itself: each message once, in order, however often and in whatever order it comes.
const hello = make('div.hello', {}, make('strong'), make('p'));
const dots = make('div.typing', { hidden: true }, make('i'), make('i'), make('i'), make('span.sr'));
const log = make('div.log', { role: 'log', 'aria-live': 'polite', tabIndex: 0 }, hello, dots);
const jump = make('button.jump', { hidden: true, onclick: () => follow(true) });
const shown = new Map();
const all = what => [...log.querySelectorAll(what)];
let texts, language, fileLimit, near = true, top = 0, height = 0;

// The reader moved where the position did: a smaller window is no scrolling, nor is the browser's making room above.
const scrolled = log.onscroll = () => {
  const now = log.scrollTop, size = log.scrollHeight;
  if (now !== top) near = Math.min(height, size) - now - log.clientHeight < 80;
  top = now;
  height = size;
  if (near) jump.hidden = true;
};

const reason = code => fill(texts.errors[code] || texts.errors.refused, { limit: fileLimit });

// Whoever reads further up is not pulled away. The event of a scrolling comes a frame late, so it is not waited for.
const follow = (force, quiet) => {
  scrolled();
  if (near || force) {
    log.scrollTop = log.scrollHeight;
    scrolled();
  } else if (!quiet) jump.hidden = false;
};
new ResizeObserver(() => follow(false, true)).observe(log);

const put = (message, order, key) => {
  const item = shown.get(key) || shown.get(message.event_id) || { node: draw(message) };
  shown.delete(message.event_id);
  shown.set(key, item);
  item.node.querySelector('.note').textContent = '';
  link(item.node.querySelector('.files'), message.files || []);
  if (item.order !== order) {
    item.order = order;
    const [later] = [...shown.values()].filter(other => other.order > order).sort((a, b) => a.order - b.order);
    log.insertBefore(item.node, later ? later.node : dots);
  }
  tidy();
  follow(!message.id);
};

const draw = ({ author, name, at, text, html, choices = [] }) => {
  const who = author === 'user' ? texts.ui.you : name || texts.ui[author] || '', when = new Date(at);
  const day = when.toDateString() !== new Date().toDateString() && { month: 'short', day: 'numeric' };
  const bubble = make('div.bubble', { dir: 'auto' }, text ?? safeHtml(html));
  const node = make('div.m', {},
    make('div.meta', {}, make('b', { textContent: who }), make('time', { textContent: when.toLocaleString(language, { hour: 'numeric', minute: '2-digit', ...day }) })),
    (bubble.textContent.trim() || bubble.querySelector('img')) && bubble,
    make('div.files'),
    choices[0] && make('div.choices', {}, ...choices.map(({ title, payload }) =>
      make('button', { textContent: title, dir: 'auto', onclick: () => choose(title, payload) }))),
    make('div.note'));
  node.classList.add(author);
  Object.assign(node.dataset, { who: author + who, at: +when });
  return node;
};

// Links to files end after an hour; a new transcript brings new ones for files already shown.
const link = (place, files) => files.forEach((file, index) => {
  const url = file.url && new URL(file.url, base).href, there = place.children[index];
  if (!there) place.append(drawFile(file, url));
  else if (there.href) there.href = url;
  else there.replaceWith(drawFile(file, url));
});

const drawFile = ({ name, size, media_type }, url) => {
  const node = make(url ? 'a.file' : 'span.file', url && { href: url, target: '_blank', rel: 'noopener noreferrer' });
  const plain = () => {
    const amount = size < 1e6 ? `${Math.ceil(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`;
    node.className = 'file';
    node.replaceChildren(icon('file'), make('span', { textContent: name, dir: 'auto' }), make('small', { textContent: amount }));
  };
  if (!url || !/^image\/(png|jpeg|gif|webp)$/.test(media_type)) plain();
  else {
    node.classList.add('picture');
    node.append(make('img', { alt: name, onerror: plain, onload: () => follow(false, true), src: url }));
  }
  return node;
};

// Under a message of the visitor's own: on its way, or why it is not and what to do.
const note = ({ event_id, failed, choice }) => {
  const node = shown.get(event_id).node.querySelector('.note');
  const button = (key, onclick) => make('button', { textContent: texts.ui[key], onclick: () => onclick(event_id) });
  node.classList.toggle('failed', !!failed);
  if (!failed) node.textContent = texts.ui.unsent;
  else node.replaceChildren(make('span', { role: 'alert', textContent: reason(failed) }),
    failed === 'file_gone' ? '' : button('retry', retry), choice ? '' : button('edit', edit));
  follow(false, true);
};

const remove = key => {
  shown.get(key).node.remove();
  shown.delete(key);
  tidy();
};

// Names and times once per group; buttons only while they are the last word.
const tidy = () => {
  let last, answered = false;
  for (const node of all('.m')) {
    node.classList.toggle('follows', last?.dataset.who === node.dataset.who && node.dataset.at - last.dataset.at < 3e5);
    last = node;
  }
  for (const node of all('.choices, .user').reverse()) {
    if (node.matches('.user')) answered = true;
    else node.hidden = answered;
  }
};

let typingEnds;
const typing = on => {
  dots.hidden = !on;
  clearTimeout(typingEnds);
  typingEnds = setTimeout(() => { dots.hidden = true; }, 30000);
  follow(false, true);
};
