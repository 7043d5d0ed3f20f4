// What takes longer than a click: what is asked for, what it would do before it is done, and how far
// those are that were begun.
import { at, send } from './api.js';
import { planDiffs } from './diff.js';
import { h, moment, notice, number, showModal, state, table } from './dom.js';

// What each asks for; `optional`: left out where it is empty.
const TOPIC = { name: 'topic', label: 'Topic (where it reads several)', optional: true };
const PARTITION = { name: 'partition', label: 'Partition (empty: all)', number: true, optional: true };
const WHERE = { name: 'where', label: 'Only those for which this holds (SQL; empty: all)', optional: true };
export const JOBS = {
  replay: {
    word: 'Replay', says: 'Records of a range that are written already go through the pipeline again, as it is now.',
    fields: [{ name: 'from', label: 'From (an offset, earliest, or a time)', value: 'earliest' },
             { name: 'to', label: 'Up to (an offset, latest, or a time)', value: 'latest' }, PARTITION, TOPIC],
  },
  offsets: {
    word: 'Move', says: 'It goes on elsewhere in its topics. It has to be stopped or paused.', danger: true,
    fields: [{ name: 'to', label: 'To (an offset, earliest, latest, or a time)', value: '' }, PARTITION, TOPIC],
  },
  redrive: { word: 'Redrive', says: 'Dead letters go through the pipeline again, as it is now.', fields: [WHERE] },
  discard: { word: 'Discard', says: 'Dead letters are deleted: their records are lost.', danger: true, fields: [WHERE] },
  apply_schema: { word: 'Create tables', says: 'What the database lacks is created; nothing is dropped.', fields: [] },
  change_lanes: {
    word: 'Change lanes', says: 'Another number of parallel commits of each partition: an edit of its file.',
    fields: [{ name: 'lanes', label: 'Lanes', number: true, value: '' },
             { name: 'source', label: 'Source (where there are several)', optional: true }],
  },
};
export const LETTERS = ['redrive', 'discard'];

// Those of the pipeline's view, for whoever may.
export const jobsOf = (may) => ['replay', 'offsets', 'apply_schema', 'change_lanes'].filter((verb) => may.includes(verb));

function optionsOf(verb, inputs) {
  const options = {};
  for (const field of JOBS[verb].fields) {
    const text = inputs[field.name].value.trim();
    if (text === '' && field.optional) continue;
    options[field.name] = field.number ? Number(text) : text;
  }
  if (LETTERS.includes(verb) && !options.where) options.all = true;
  return options;
}

// The same with places as they were found, so that a topic that goes on makes no other plan of it.
function exactly(options, effect) {
  if (effect?.ranges) return { ranges: effect.ranges };
  if (effect?.moves) return { moves: effect.moves.map(({ topic, partition, to }) => ({ topic, partition, to })) };
  return options;
}

// A modal dialog: its options, then exactly what they would do, then why. Resolves to what was done,
// or null where they thought better of it. Nothing is asked for before it was looked at.
export function askForJob(name, verb) {
  const { word, says, fields, danger } = JOBS[verb];
  const inputs = Object.fromEntries(fields.map((field) => [field.name,
    h('input', { id: `job-${field.name}`, value: field.value ?? null, required: !field.optional,
                 ...(field.number && { type: 'number', min: '0', step: '1' }) })]));
  const shown = h('div', { 'aria-live': 'polite' });
  const reason = h('textarea', { id: 'reason', rows: '2', maxlength: '1500', required: true, disabled: true });
  const why = h('div', { hidden: true }, h('label', { for: 'reason' }, 'Why (goes on record)'), reason);
  const go = h('button', { class: danger ? 'main danger' : 'main' }, 'Show what it would do');
  let looked = null;  // the plan's options and hash
  let done = null;

  function forget() {
    looked = null;
    why.hidden = true;
    reason.disabled = true;
    go.textContent = 'Show what it would do';
    shown.replaceChildren();
  }
  async function look() {
    const options = optionsOf(verb, inputs);
    const answer = await send('POST', at('v1', 'pipelines', name, 'plan', verb), options);
    looked = { options: exactly(options, answer.plan.effect), hash: answer.plan_sha256 };
    const denied = answer.decision.verdict === 'denied';
    const reasons = answer.decision.reasons.filter((each) => ['denies', 'needs_approval', 'warns'].includes(each.kind));
    shown.replaceChildren(
      h('h3', {}, 'What it would do'), ...planDiffs(answer.plan).filter(Boolean),
      ...reasons.map((each) => notice(each.kind === 'denies' ? 'bad' : 'wait', each.by, each.text)));
    if (denied) {
      go.textContent = 'Look again';
      looked = null;
      return;
    }
    why.hidden = false;
    reason.disabled = false;
    go.textContent = answer.decision.verdict === 'needs_approval' ? 'Ask for approval' : word;
    reason.focus();
  }
  async function act() {
    const body = { ...looked.options, reason: reason.value.trim(), plan_sha256: looked.hash };
    // What they looked at is what is done: with another plan the server refuses.
    done = await send('POST', at('v1', 'pipelines', name, verb), body);
    dialog.close('yes');
  }
  const dialog = h('dialog', { class: 'job', 'aria-labelledby': 'asked' },
    h('form', {
      onsubmit: async (event) => {
        event.preventDefault();
        go.disabled = true;
        try {
          await (looked ? act() : look());
        } catch (failure) {
          forget();
          shown.replaceChildren(notice('bad', 'That did not work.', failure.message));
        }
        go.disabled = false;
      },
      oninput: (event) => event.target !== reason && forget(),
    },
      h('h2', { id: 'asked' }, `${word}: ${name}`), h('p', {}, says),
      fields.map((field) => [h('label', { for: `job-${field.name}` }, field.label), inputs[field.name]]),
      shown, why,
      h('div', { class: 'actions end' },
        h('button', { type: 'button', onclick: () => dialog.close('') }, 'Cancel'), go)));
  return showModal(dialog, fields.length > 0 ? inputs[fields[0].name] : go)
    .then((closed) => (closed === 'yes' ? done : null));
}

// What came of it, as a notice.
export function cameOf(verb, answer) {
  const { word } = JOBS[verb];
  if (answer.state === 'needs_approval') {
    return notice('wait', 'It needs approval.', 'Nothing was done yet. ',
                  h('a', { href: `#${at('approvals', answer.request)}` }, 'Follow the request'));
  }
  if (answer.state === 'running') return notice('wait', `${word} goes on.`, 'How far it is stands under Jobs.');
  if (answer.state === 'cancelled') return notice('wait', `${word} was cancelled.`, 'How far it came stands under Jobs.');
  return notice('good', `${word}: done.`, resultOf(answer.result) || 'It is on record with your reason.');
}

const resultOf = (result) => (result?.error ? result.error
  : Object.entries(result ?? {}).map(([name, n]) => `${name.replaceAll('_', ' ')} ${number(n)}`).join(', '));

export function jobsTable(jobs, cancel) {
  if (jobs.length === 0) return h('p', { class: 'empty' }, 'None was begun yet.');
  return table('Jobs', [{ title: 'What' }, { title: 'State' }, { title: 'Result' }, { title: 'By', wide: true }, { title: 'Begun', wide: true }],
    jobs.map((job) => [
      JOBS[job.verb]?.word ?? job.verb, state(job.state),
      job.state === 'running'
        ? [`${number(job.progress.records ?? 0)} so far `, job.may_cancel && h('button', {
            type: 'button', 'data-key': `cancel ${job.job}`, onclick: () => cancel(job) }, 'Cancel')].filter(Boolean)
        : h('span', { class: 'why' }, resultOf(job.result) || '–'),
      job.by.subject, moment(job.begun_at)]));
}
