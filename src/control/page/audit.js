// The record of what was done and what was refused, and whether it is what was signed.
import { get } from './api.js';
import { facts, h, moment, notice, number, say, state, swap, table } from './dom.js';
import { who } from './people.js';

export const title = 'Audit';

export function show(view) {
  const verdict = h('div');
  const list = h('div');
  const older = h('div', { class: 'actions' });
  view.append(verdict, h('h2', {}, 'Entries'), list, older);

  async function verify(whole) {
    verdict.replaceChildren(h('p', { class: 'empty' }, whole ? 'Verifying the whole record…' : 'Verifying the record…'));
    try {
      const found = await get(`/v1/audit/verification${whole ? '?whole=true' : ''}`);
      swap(verdict, judged(found, () => verify(true)));
      say(found.holds ? 'The record holds' : 'The record does not hold');
    } catch (failure) {
      verdict.replaceChildren(notice(failure.status === 403 ? 'calm' : 'bad', 'Not verified.', failure.message));
    }
  }

  view.live('/v1/audit', ({ entries, before }) => {
    if (!verdict.hasChildNodes()) verify(false);
    let all = entries;
    const draw = (next) => {
      swap(list, all.length === 0 ? h('p', { class: 'empty' }, 'There is nothing that you may read.') : rows(all));
      swap(older, next !== null && h('button', { type: 'button', 'data-key': 'older', onclick: async () => {
        try {
          const answer = await get(`/v1/audit?before=${next}`);
          all = all.concat(answer.entries);
          draw(answer.before);
        } catch (failure) {
          view.fail(failure);
        }
      } }, 'Older ones'));
    };
    draw(before);
  });
}

function judged(found, again) {
  return [
    facts([
      ['Verification', state(found.holds ? 'holds' : 'broken')],
      ['Entries', number(found.entries)],
      ['When', moment(found.verified_at)],
      ['Read whole', moment(found.whole_at)],
    ]),
    found.holds
      ? h('p', { class: 'empty' },
          found.read === found.entries ? 'This server read every entry and found it to be what was signed.'
            : `This server read ${number(found.read)} new entries; the others have the digest under a secret key that they had when it read them.`,
          ' To trust no server: ',
          h('code', {}, 'audit export'), ' and ', h('code', {}, 'audit verify'), ', anywhere, with the public key.')
      : notice('bad', 'The record is not what was signed.', found.why,
          ' Keep the checkpoint files safe and compare an export with them: the runbook in docs/guide/audit.md says how.'),
    h('details', { class: 'version' }, h('summary', {}, 'The signed checkpoint'),
      h('pre', { tabindex: '0', role: 'region', 'aria-label': 'Signed checkpoint' }, found.checkpoint)),
    h('div', { class: 'actions' }, h('button', { type: 'button', 'data-key': 'verify', onclick: again }, 'Verify the whole record')),
  ];
}

// The entries of one action together: what was meant, what was changed, what came of it.
function actionsOf(entries) {
  const actions = new Map();
  for (const entry of entries) {
    const key = entry.intent ?? entry.id;
    const action = actions.get(key) ?? { phases: [], newest: entry };
    action.phases.unshift(entry.phase);
    action.outcome ??= entry.outcome;
    action.why ??= entry.error?.text ?? entry.details?.plan?.reason;
    actions.set(key, action);
  }
  return [...actions.values()];
}

function rows(entries) {
  return table('Entries', [
    { title: 'When' }, { title: 'What' }, { title: 'Outcome' }, { title: 'Who' },
    { title: 'Pipeline', wide: true }, { title: 'Entries', wide: true }, { title: 'Why', wide: true },
  ], actionsOf(entries).map(({ newest, phases, outcome, why }) => [
    moment(newest.time),
    newest.action,
    state(outcome ?? 'unfinished'),
    who(newest.actor),
    newest.pipeline || h('span', { class: 'empty' }, '–'),
    h('span', { class: 'by' }, phases.join(', ')),
    h('span', { class: 'why' }, why ?? ''),
  ]));
}
