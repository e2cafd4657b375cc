// The window around the conversation.
const iconButton = (name, properties) => make('button.icon', properties, icon(name));
const badge = make('span.badge', { hidden: true });
const launch = make('button.launch', { onclick: () => open() }, icon('chat'), badge);
const heading = make('h2', { id: 'title' });
const who = make('p.who', { role: 'status' });
const state = make('p.state', { role: 'status' });
const fault = make('p.fault', { role: 'alert' });
const chips = make('ul.chips');
const picker = make('input', { type: 'file', multiple: true, hidden: true, onchange: () => { attach(picker.files); picker.value = ''; } });
const input = make('textarea', { rows: 1, dir: 'auto', enterKeyHint: 'send', oninput: () => write(input.value), onpaste: event => take(event, event.clipboardData) });
const buttons = {
  close: iconButton('close', { onclick: () => close() }),
  attach: iconButton('attach', { onclick: () => picker.click() }),
  send: iconButton('send', { onclick: () => submit() }),
};
const drop = make('div.drop');
const panel = make('section.panel', { role: 'dialog', 'aria-labelledby': 'title', hidden: true },
  make('div.head', {}, make('div', {}, heading, who), buttons.close),
  log, jump, state, fault, make('div.foot', {}, chips, make('div.row', {}, buttons.attach, input, buttons.send), picker), drop);
const root = make('div', { className: options.position === 'left' ? 'left' : 'right' }, launch, panel);

const dragging = on => panel.classList.toggle('dragging', on);
panel.ondragover = event => { event.preventDefault(); dragging(true); };
panel.ondragleave = event => dragging(panel.contains(event.relatedTarget));
panel.ondrop = event => { event.preventDefault(); dragging(false); take(event, event.dataTransfer); };

const take = (event, { files }) => {
  if (!files.length) return;
  event.preventDefault();
  attach(files);
};

panel.onkeydown = event => {
  const { key, target, shiftKey } = event;
  // A key that chooses a candidate of an input method is not one that sends or closes.
  if (event.isComposing || event.keyCode === 229) return;
  if (key === 'Escape') close();
  else if (key === 'Enter' && target === input && !shiftKey) submit();
  else if (key === 'Tab' && phone.matches && trap(target, shiftKey)) ;
  else return;
  event.preventDefault();
  event.stopPropagation();
};

// A full-screen chat hides the page, so the focus goes round within it. True where it went from one end to the other.
const trap = (target, back) => {
  const nodes = [...panel.querySelectorAll('button, a, textarea, .log')].filter(node => node.offsetParent);
  if (back) nodes.reverse();
  if (target !== nodes.at(-1)) return false;
  nodes[0].focus();
  return true;
};

const mount = () => {
  const host = make('div', { id: 'frontdesk' }), shadow = host.attachShadow({ mode: 'open' }), sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(root);
  document.body.append(host);
};

const speak = (wanted, brand) => {
  language = root.lang = TEXTS[wanted] ? wanted : language || 'en';
  texts = TEXTS[language];
  const { ui } = texts;
  heading.textContent = fill(ui.title, { brand });
  hello.firstChild.textContent = ui.hello;
  hello.lastChild.textContent = ui.hint;
  dots.lastChild.textContent = ui.typing;
  jump.textContent = ui.newer + ' ↓';
  drop.textContent = ui.drop;
  input.placeholder = ui.placeholder;
  label(input, ui.placeholder);
  label(log, ui.log);
  for (const name in buttons) label(buttons[name], buttons[name].title = ui[name]);
};

const show = (on, focus) => {
  panel.hidden = !on;
  launch.hidden = on;
  const full = on && phone.matches;
  panel.setAttribute('aria-modal', full);
  document.documentElement.style.overflow = full ? 'hidden' : '';
  if (on) follow(true);
  // On a phone the text field would bring up a keyboard over what there is to read.
  if (focus) (!on ? launch : full ? buttons.close : input).focus();
};

const showUnread = count => {
  badge.hidden = !count;
  badge.textContent = count > 9 ? '9+' : count;
  label(launch, count ? fill(texts.ui.unread, { count }) : texts.ui.launch);
};

const showOwner = ({ owner, agent, ticket, wait }) => {
  const key = owner === 'agent' && !agent ? 'person' : owner;
  const parts = [fill(texts.ui[`owner_${key}`], { agent }), owner !== 'bot' && ticket, owner === 'queue' && wait];
  who.textContent = parts.filter(part => part).join(' · ');
  who.dataset.owner = owner;
};

const write = text => {
  if (input.value !== text) input.value = text;
  fault.textContent = '';
  input.style.height = 'auto';
  input.style.height = `${Math.min(input.scrollHeight, 140)}px`;
};

const showFiles = files => chips.replaceChildren(...files.map((file, index) => make('li', {},
  make('span', { textContent: file.name, dir: 'auto' }),
  make('button', { 'aria-label': fill(texts.ui.remove, file), onclick: () => detach(index) }, icon('close')))));
