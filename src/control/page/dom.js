// Elements without innerHTML: what came over the network is only ever text.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return element;
}

// New content, with the focus where it was: elements that may have it carry a `data-key`.
export function swap(container, ...children) {
  const active = document.activeElement;
  const key = container.contains(active) ? active.dataset.key : undefined;
  container.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (key) container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

// To whoever cannot see it.
export function say(text) {
  const said = document.getElementById('said');
  if (said.textContent !== text) said.textContent = text;
}

// A state, by colour and word.
const TONES = {
  running: 'good', approved: 'good', done: 'good', success: 'good', holds: 'good', reviewed: 'good',
  cancelled: 'wait', paused: 'wait', starting: 'wait', open: 'wait', unfinished: 'wait',
  failed: 'bad', failure: 'bad', refused: 'bad', broken: 'bad', unassigned: 'bad',
};
export function state(word) {
  return h('span', { class: `state ${TONES[word] ?? 'calm'}` }, word);
}

// A table that scrolls by itself where the screen is narrow. columns: [{title, number?, wide?}].
export function table(caption, columns, rows) {
  const cell = (tag, column, content, more = {}) =>
    h(tag, { class: [column.number && 'number', column.wide && 'wide'].filter(Boolean).join(' ') || null,
             ...more }, content);
  return h('div', { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0',
                    'data-key': `table ${caption}` },
    h('table', {},
      h('caption', { class: 'unseen' }, caption),
      h('thead', {}, h('tr', {}, columns.map((c) => cell('th', c, c.title, { scope: 'col' })))),
      h('tbody', {}, rows.map((row) => h('tr', {}, row.map((content, i) =>
        i === 0 ? cell('th', columns[i], content, { scope: 'row' }) : cell('td', columns[i], content)))))));
}

export function facts(pairs) {
  return h('dl', { class: 'facts' },
    pairs.filter(Boolean).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

export function notice(tone, title, ...text) {
  return h('div', { class: `notice ${tone}` }, h('p', {}, h('strong', {}, title), ' ', ...text));
}

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
export const number = (n) => (n === null || n === undefined ? '–' : NUMBER.format(n));

export function seconds(s) {
  if (s === null || s === undefined) return '–';
  if (s < 1) return s < 0.05 ? '0 s' : `${s.toFixed(1)} s`;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  return `${Math.round(s / 3600)} h`;
}

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
// The day only where it is another than today.
export function moment(rfc3339) {
  const at = new Date(rfc3339);
  const today = at.toDateString() === new Date().toDateString();
  return h('time', { datetime: rfc3339, title: rfc3339 },
    today ? TIME.format(at) : `${DAY.format(at)}, ${TIME.format(at)}`);
}

// Shows a modal dialog, which keeps the focus and gives it back. Resolves to what it was closed with.
export function showModal(dialog, first) {
  const before = document.activeElement;
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      const key = before?.dataset?.key;
      (before?.isConnected ? before : key && document.querySelector(`[data-key="${CSS.escape(key)}"]`))?.focus();
      resolve(dialog.returnValue);
    });
    document.body.append(dialog);
    dialog.showModal();
    first.focus();
  });
}
