// One pipeline: how it stands, partition by partition; what may be done to it; its file and those
// before; its dead letters.
import { at, get, send } from './api.js';
import { diff } from './diff.js';
import { facts, h, moment, notice, number, say, seconds, state, swap, table } from './dom.js';
import { who } from './people.js';
import { JOBS, LETTERS, askForJob, cameOf, jobsOf, jobsTable } from './jobs.js';
import { askWhy } from './reason.js';

export const titleOf = ([name]) => name;

// Which verbs make sense in which state, the likeliest first.
const VERBS = {
  running: ['pause', 'restart', 'stop'], paused: ['resume', 'stop'], stopped: ['start'],
};
const WORDS = {
  start: 'Start', stop: 'Stop', pause: 'Pause', resume: 'Resume', restart: 'Restart', break_glass: 'Break the glass',
};
const SAYS = {
  stop: 'It commits what is in flight and gives its partitions up. Nothing is lost; it starts again where it stopped.',
  pause: 'It stops until somebody resumes it. Nothing is lost.',
  restart: 'It stops and starts again on every replica.',
  start: 'It goes on where it stopped.', resume: 'It goes on where it was paused.',
  break_glass: 'Approvals and freezes are lifted for you on this pipeline. Somebody else will look at what you did.',
};

export function show(view) {
  const [name] = view.words;
  const path = at('v1', 'pipelines', name);
  const told = h('div', { role: 'status' });
  const actions = h('div', { class: 'actions', role: 'group', 'aria-label': 'What you may do' });
  const standing = h('div');
  const files = h('div');
  const jobs = h('div');
  const letterActions = h('div', { class: 'actions', role: 'group', 'aria-label': 'What you may do to them' });
  view.append(told, actions, standing, h('h2', {}, 'Jobs'), jobs, files, h('h2', {}, 'Dead letters'), letterActions,
              ...lettersOf());

  async function act(verb) {
    const answer = await askWhy({ title: `${WORDS[verb]} ${name}?`, text: SAYS[verb], confirm: WORDS[verb],
                                  danger: verb === 'stop' || verb === 'break_glass', minutes: verb === 'break_glass' });
    if (!answer) return;
    try {
      const done = await send('POST', `${path}/${verb}`, answer);
      told.replaceChildren(done.state === 'needs_approval'
        ? notice('wait', 'It needs approval.', 'Nothing was done yet. ',
                 h('a', { href: `#${at('approvals', done.request)}` }, 'Follow the request'))
        : notice('good', 'Done.', `${WORDS[verb]}: on record with your reason.`));
      standingNow.now();
    } catch (failure) {
      view.fail(failure);
    }
  }

  async function begin(verb) {
    const done = await askForJob(name, verb);
    if (!done) return;
    told.replaceChildren(cameOf(verb, done));
    standingNow.now();
    jobsNow.now();
  }
  async function cancel(job) {
    try {
      await send('POST', at('v1', 'jobs', job.job, 'cancel'));
      jobsNow.now();
    } catch (failure) {
      view.fail(failure);
    }
  }
  const buttonOf = (verb) => h('button', { type: 'button', 'data-key': verb, onclick: () => begin(verb) }, JOBS[verb].word);
  const jobsNow = view.live(`${path}/jobs`, (answer) => swap(jobs, jobsTable(answer.jobs, cancel)));

  let shownFile = null;
  const standingNow = view.live(path, (p) => {
    swap(actions, [...(VERBS[p.state] ?? []), 'break_glass'].filter((verb) => p.may.includes(verb)).map((verb) =>
      h('button', { type: 'button', 'data-key': verb, class: verb === 'break_glass' ? 'danger' : null,
                    onclick: () => act(verb) }, WORDS[verb])), jobsOf(p.may).map(buttonOf));
    swap(letterActions, LETTERS.filter((verb) => p.may.includes(verb)).map(buttonOf));
    swap(standing, standingOf(p));
    say(`${name} is ${p.status}`);
    if (p.file === shownFile) return;
    shownFile = p.file;
    filesOf(p).then((shown) => swap(files, shown)).catch((failure) => view.fail(failure));
  });

  async function filesOf(p) {
    const { versions } = await get(`${path}/versions`);
    return [
      h('h2', {}, 'File'),
      h('p', { class: 'empty' }, 'Last edited by ', p.editor.subject ? who(p.editor) : 'nobody', '.'),
      h('pre', { class: 'code', tabindex: '0', role: 'region', 'aria-label': 'Pipeline file' }, p.file),
      h('h2', {}, 'Versions'),
      versions.length === 0 ? h('p', { class: 'empty' }, 'None is kept yet: the next change of the file makes one.')
        : versions.map((version, i) => h('details', { class: 'version' },
            h('summary', {}, `Revision ${version.revision}`, h('span', { class: 'by' },
              ' by ', who(version.editor), ', ', moment(version.configured_at))),
            diff('Against the one before', versions[i + 1]?.file ?? '', version.file))),
    ];
  }

  // Asked for on a click alone: it reads the pipeline's own database.
  function lettersOf() {
    const shown = h('div', { 'aria-live': 'polite' });
    const look = h('button', { type: 'button', onclick: async () => {
      look.disabled = true;
      try {
        const { dead_letters, count } = await get(`${path}/dead_letters`);
        swap(shown, letters(dead_letters, count));
      } catch (failure) {
        shown.replaceChildren(notice('bad', 'They cannot be read.', failure.message));
      }
      look.disabled = false;
    } }, 'Look');
    return [h('div', { class: 'actions' }, look), shown];
  }
}

function letters(list, count) {
  if (count === 0) return h('p', { class: 'empty' }, 'There is none.');
  return [
    h('p', {}, `${number(count)} in all${count > list.length ? `; the newest ${list.length}` : ''}.`),
    table('Dead letters', [{ title: 'Record' }, { title: 'Stage' }, { title: 'Reason' }, { title: 'Failed', wide: true }],
      list.map((letter) => [
        h('span', { class: 'mono' }, `${letter.topic}/${letter.partition}@${letter.offset}`), letter.stage,
        letter.reason ?? h('span', { class: 'empty' }, 'for those who may audit'), moment(letter.failed_at),
      ])),
  ];
}

function standingOf(p) {
  const broken = p.replicas.filter((replica) => !replica.running && replica.error);
  return [
    p.status === 'failed' && notice('bad', 'It fails and is started again, later each time.',
      broken.map((replica) => replica.error).join(' ')),
    facts([
      ['State', state(p.status)],
      ['Lag', seconds(p.lag_seconds)],
      ['Records/s', number(p.records_per_second)],
      ['Behind', p.lag_records === null ? '–' : `${number(p.lag_records)} records`],
      ['Environment', p.environment],
    ]),
    h('h2', {}, 'Partitions'),
    p.partitions.length === 0
      ? h('p', { class: 'empty' }, p.state === 'running' ? 'No replica has one yet.' : 'It does not run, so nobody has any.')
      : table('Partitions', [
          { title: 'Partition' }, { title: 'Lag', number: true }, { title: 'Behind', number: true },
          { title: 'Next offset', number: true, wide: true }, { title: 'Replica', wide: true },
        ], p.partitions.map((each) => [
          `${each.topic}/${each.partition}`, seconds(each.lag_seconds), number(each.lag_records),
          number(each.next_offset), each.replica])),
  ];
}
