// The difference of two texts, by lines: the longest common subsequence, as `diff -u` shows it.
import { h, number, table } from './dom.js';

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

const LISTED = 50;  // places that are shown one by one

const range = (from, to) => (to - from === 1 ? number(from) : `${number(from)} to ${number(to - 1)}`);

function moveOf(move) {
  const words = [move.written_again && `written again: ${range(move.written_again.from, move.written_again.to)}`,
                 move.never_written && `never written: ${range(move.never_written.from, move.never_written.to)}`]
    .filter(Boolean);
  return [`${move.topic}/${move.partition}`, number(move.stands_at), number(move.to), words.join('; ') || 'nothing changes'];
}

const count = (n, one, several) => `${number(n)} ${n === 1 ? one : several}`;

// What a job would do, in words: the places, and not how they were asked for.
function effectOf({ verb, effect, facts }) {
  const records = count(facts.records, 'record', 'records');
  const more = (list) => list.length > LISTED && h('p', { class: 'empty' }, `And ${number(list.length - LISTED)} more partitions.`);
  if (effect.moves) {
    return [h('p', {}, `${records} would be written again or passed over.`),
            table('Partitions that move', [{ title: 'Partition' }, { title: 'Stands at', number: true }, { title: 'To', number: true }, { title: 'Effect' }],
              effect.moves.slice(0, LISTED).map(moveOf)), more(effect.moves)];
  }
  if (effect.ranges) {
    return [h('p', {}, `${records} would be read again. Written is what is the last of its key; nothing newer is overwritten.`),
            table('Ranges to replay', [{ title: 'Partition' }, { title: 'From', number: true }, { title: 'Up to', number: true }],
              effect.ranges.slice(0, LISTED).map((each) => [`${each.topic}/${each.partition}`, number(each.from), number(each.to)])),
            more(effect.ranges)];
  }
  if (effect.letters) {
    return [h('p', {}, verb === 'discard' ? `${count(facts.records, 'dead letter', 'dead letters')} would be deleted: their records are lost.`
                 : `${count(facts.records, 'dead letter', 'dead letters')} would go through the pipeline again, as it is now.`),
            effect.where !== 'TRUE' && h('p', {}, 'Those for which ', h('code', {}, effect.where)),
            effect.letters.length > 0 && table('Dead letters that are meant', [{ title: 'Partition' }, { title: 'Offsets' }],
              effect.letters.slice(0, LISTED).map((each) => [`${each.topic}/${each.partition}`,
                each.offsets.slice(0, LISTED).join(', ') + (each.offsets.length > LISTED ? ', …' : '')])), more(effect.letters)];
  }
  return [diff('Tables (DDL)', '', effect.statements.join(';\n\n'))];
}

// What a plan would change: {title: element}.
export function planDiffs(plan) {
  const shown = [];
  if (plan.new_file !== undefined) {
    shown.push(diff('Pipeline file', plan.file ?? '', plan.new_file));
    shown.push(diff('Tables (DDL)', (plan.ddl ?? []).join(';\n\n'), (plan.new_ddl ?? []).join(';\n\n')));
  }
  if (plan.effect !== undefined) shown.push(...effectOf(plan));
  if (plan.new_state !== undefined) shown.push(diff('State', plan.state ?? '', plan.new_state));
  return shown;
}
