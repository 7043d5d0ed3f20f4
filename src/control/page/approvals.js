// What needs approval: exactly what would be done, who asked, who said what.
import { at, send } from './api.js';
import { planDiffs } from './diff.js';
import { facts, h, moment, notice, say, state, swap, table } from './dom.js';
import { named, who } from './people.js';
import { cameOf } from './jobs.js';
import { askWhy } from './reason.js';

export const title = 'Approvals';
export const titleOf = ([id]) => (id ? 'Request' : title);

export function show(view) {
  const [id] = view.words;
  const told = h('div', { role: 'status' });
  const body = h('div');
  const glass = h('section', { 'aria-label': 'Broken glass' });
  let glassIsLive = null;
  view.append(told, body, glass);

  async function look(each) {
    const answer = await askWhy({
      title: 'What do you make of it?', label: 'Your verdict (goes on record)', confirm: 'Reviewed',
      text: `${named(each.by)} broke the glass of ${each.pipeline}: ${each.reason}`,
    });
    if (!answer) return;
    try {
      await send('POST', `${at('v1', 'glass', each.glass)}/review`, { verdict: answer.reason });
      told.replaceChildren(notice('good', 'Reviewed.', 'It is on record.'));
      glassIsLive.now();
    } catch (failure) {
      view.fail(failure);
    }
  }
  const requests = view.live('/v1/requests', (answer) => {
    if (!id) {
      swap(body, list(answer.requests));
      if (!glassIsLive) glassIsLive = view.live('/v1/glass', (found) => swap(glass, broken(found.glass, look)));
      const open = answer.requests.filter((request) => request.state === 'open').length;
      say(`${open} requests are open`);
      return;
    }
    const request = answer.requests.find((each) => each.request === id);
    swap(body, request ? one(request, told, (failure) => view.fail(failure), () => requests.now())
      : h('p', { class: 'empty' }, 'There is no such request that you may see. ',
          h('a', { href: '#/approvals', 'data-key': 'all' }, 'All requests')));
  });
}

// What was done without approval, for those who may audit it.
function broken(times, look) {
  if (times.length === 0) return null;
  return [
    h('h2', {}, 'Broken glass'),
    table('Broken glass', [{ title: 'Pipeline' }, { title: 'By' }, { title: 'Why' }, { title: 'Review' }],
      times.map((each) => [
        each.pipeline, who(each.by), h('span', { class: 'why' }, each.reason),
        each.reviewer ? state('reviewed') : !each.over ? state('open')
          : h('button', { type: 'button', 'data-key': each.glass, onclick: () => look(each) }, 'Review'),
      ])),
  ];
}

const whatIs = (request) => `${request.verb.replace('_', ' ')} ${request.pipeline}`;

function list(requests) {
  if (requests.length === 0)
    return h('p', { class: 'empty' }, 'Nothing needs approval. What does is asked for by doing it: the server answers with a request.');
  return table('Requests', [
    { title: 'What' }, { title: 'State' }, { title: 'Asked by' }, { title: 'Approvals', number: true },
    { title: 'When', wide: true },
  ], requests.map((request) => [
    h('a', { href: `#${at('approvals', request.request)}`, 'data-key': request.request }, whatIs(request)),
    state(request.state), who(request.by),
    String(request.reviews.filter((review) => review.approves).length), moment(request.asked_at)]));
}

function one(request, told, fail, again) {
  async function review(approve) {
    try {
      await send('POST', `${at('v1', 'requests', request.request)}/review`,
                 { plan_sha256: request.plan_sha256, approve });
      told.replaceChildren(notice('good', approve ? 'Approved.' : 'Denied.', 'It is on record.'));
      again();
    } catch (failure) {
      fail(failure);
    }
  }
  async function run() {
    try {
      const done = await send('POST', `${at('v1', 'requests', request.request)}/run`);
      told.replaceChildren(done.job ? cameOf(request.verb, done)
        : notice('good', 'Done.', 'It was decided again, and done.'));
      again();
    } catch (failure) {
      fail(failure);
    }
  }
  const button = (key, words, onclick, tone = null) =>
    h('button', { type: 'button', 'data-key': key, class: tone, onclick }, words);
  const { reason } = request.plan;
  return [
    h('p', {}, h('a', { href: '#/approvals', 'data-key': 'all' }, '← All requests')),
    facts([
      ['What', whatIs(request)], ['State', state(request.state)], ['Asked by', who(request.by)],
      ['When', moment(request.asked_at)],
    ]),
    reason && h('p', { class: 'quote' }, reason),
    h('h2', {}, 'What would be done'),
    planDiffs(request.plan),
    h('p', { class: 'empty hash' }, 'Approval is for this plan alone: ', h('code', {}, request.plan_sha256)),
    h('h2', {}, 'Reviews'),
    request.reviews.length === 0 ? h('p', { class: 'empty' }, 'Nobody has looked at it yet.')
      : h('ul', { class: 'reviews' }, request.reviews.map((each) => h('li', {},
          state(each.approves ? 'approved' : 'refused'), ' by ', who(each.by), ` of ${new URL(each.by.issuer).host}`))),
    h('div', { class: 'actions' },
      request.may_review && [
        button('approve', 'Approve this plan', () => review(true), 'main'),
        button('deny', 'Deny', () => review(false), 'danger')],
      request.yours && request.state === 'open' && button('run', 'Run it', run, 'main')),
    request.state === 'open' && !request.may_review && !request.yours &&
      h('p', { class: 'empty' }, 'No rule counts you among its reviewers.'),
  ];
}
