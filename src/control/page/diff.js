// The difference of two texts, by lines: the longest common subsequence, as `diff -u` shows it.
import { h } from './dom.js';

const CONTEXT = 3;
const CELLS_MAX = 4_000_000;  // of the table below; longer texts are shown as taken out and put in

// [{sign: ' ' | '-' | '+', line}]
export function linesOf(before, after) {
  const a = before === '' ? [] : before.replace(/\n$/, '').split('\n');
  const b = after === '' ? [] : after.replace(/\n$/, '').split('\n');
  if (a.length * b.length > CELLS_MAX)
    return [...a.map((line) => ({ sign: '-', line })), ...b.map((line) => ({ sign: '+', line }))];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j]
        ? common[(i + 1) * width + j + 1] + 1
        : Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
  const lines = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: ' ', line: a[i] });
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      lines.push({ sign: '-', line: a[i++] });
    } else {
      lines.push({ sign: '+', line: b[j++] });
    }
  }
  return lines;
}

const KINDS = { '-': ['del', 'minus', 'taken out: '], '+': ['ins', 'plus', 'put in: '], ' ': ['span', 'same', ''] };

// An element that shows it: all of a new text, only what changed and around it of an old one.
export function diff(name, before, after) {
  const lines = linesOf(before, after);
  const changed = lines.map((each) => each.sign !== ' ');
  if (!changed.includes(true)) return h('p', { class: 'empty' }, `${name}: no difference.`);
  const near = lines.map((_, i) => changed.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).includes(true));
  const rows = [];
  lines.forEach(({ sign, line }, i) => {
    if (!near[i]) {
      if (i === 0 || near[i - 1]) rows.push(h('span', { class: 'gap' }, '⋯\n'));
      return;
    }
    const [tag, kind, words] = KINDS[sign];
    rows.push(h(tag, { class: kind }, h('span', { class: 'unseen' }, words), `${sign} ${line}\n`));
  });
  const plus = lines.filter((each) => each.sign === '+').length;
  const minus = lines.filter((each) => each.sign === '-').length;
  return h('figure', { class: 'diff' },
    h('figcaption', {}, name, h('span', { class: 'count' }, ` ${plus} put in, ${minus} taken out`)),
    h('pre', { tabindex: '0', role: 'region', 'aria-label': `${name}: what changes` }, rows));
}

// What a plan would change: {title: element}.
export function planDiffs(plan) {
  const shown = [];
  if (plan.new_file !== undefined) {
    shown.push(diff('Pipeline file', plan.file ?? '', plan.new_file));
    shown.push(diff('Tables (DDL)', (plan.ddl ?? []).join(';\n\n'), (plan.new_ddl ?? []).join(';\n\n')));
  }
  if (plan.new_state !== undefined) shown.push(diff('State', plan.state ?? '', plan.new_state));
  return shown;
}
