if (window.Frontdesk) return;
const script = document.currentScript || document.querySelector('script[src*="/widget.js"]');
const options = script.dataset;
const base = new URL('.', script.src).href;
const phone = matchMedia('(max-width: 480px)');

const ICONS = {
  chat: 'M4 6a3 3 0 0 1 3-3h10a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-6l-5 4v-4.2A3 3 0 0 1 4 13z',
  close: 'M6 6l12 12M18 6L6 18',
  attach: 'M20 11.500l-8 8a5 5 0 0 1-7-7l8.5-8.500a3.3 3.3 0 0 1 4.7 4.700L10 17a1.7 1.7 0 0 1-2.4-2.400L15 7',
  send: 'M12 19V5M5.5 11.500L12 5l6.5 6.5',
  file: 'M7 3h7l5 5v13H5V3h2zM14 3v5h5',
};

// make('div.meta', { title }, ...children)
const make = (what, properties, ...children) => {
  const [tag, name] = what.split('.'), node = document.createElement(tag);
  if (name) node.className = name;
  for (const key in properties) {
    if (key in node) node[key] = properties[key];
    else node.setAttribute(key, properties[key]);
  }
  node.append(...children.filter(child => child));
  return node;
};

const icon = name => {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS(svg.namespaceURI, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', true);
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
};

const label = (node, text) => node.setAttribute('aria-label', text);
const fill = (text, values) => text.replace(/{(\w+)}/g, (_, key) => values[key] ?? '');

// The server sends sanitised HTML. It is filtered once more, because a page must not depend on another's care.
const TAGS = /^(A|B|BLOCKQUOTE|BR|CODE|DEL|EM|H\d|HR|I|IMG|LI|OL|P|PRE|S|SPAN|STRONG|TABLE|TBODY|T[DHR]|THEAD|U|UL)$/;
const VALUES = { href: /^(https?:|mailto:|tel:)/i, src: /^https?:/i, alt: /^/, start: /^\d+$/ };

const safeHtml = html => {
  const template = make('template', { innerHTML: html });
  for (const node of template.content.querySelectorAll('*')) {
    if (!TAGS.test(node.tagName)) node.replaceWith(node.textContent);
    for (const { name, value } of [...node.attributes]) if (!VALUES[name]?.test(value)) node.removeAttribute(name);
    if (node.tagName === 'A') Object.assign(node, { target: '_blank', rel: 'noopener noreferrer' });
    // A ticket's number or the name of a page stays on one line; anything longer might not fit.
    if (node.tagName === 'STRONG' && node.textContent.length < 13) node.className = 'whole';
  }
  return template.content;
};
