// The frame: who is signed in, which view is on, and what is told when something fails.
import { Failure, get, send, useCsrf } from './api.js';
import { h, notice } from './dom.js';
import { live } from './live.js';
import * as approvals from './approvals.js';
import * as audit from './audit.js';
import * as connections from './connections.js';
import * as pipeline from './pipeline.js';
import * as pipelines from './pipelines.js';
import { learnNames, who } from './people.js';
import { signIn, whereToGoOn } from './sign_in.js';

// By the first word after `#/`; the second, if there is one, says which.
const VIEWS = { pipelines, approvals, audit, connections };

const main = document.getElementById('main');
let running = [];  // what the view on the screen keeps true

function end() {
  for (const each of running) each.end();
  running = [];
}

// What a view is given: where to put things, and ways to keep them true.
function frame(words) {
  const problem = h('div', { role: 'alert' });
  const body = h('div', { class: 'view' });
  return {
    words,
    problem,
    body,
    append: (...nodes) => body.append(...nodes),
    live(path, show) {
      const made = live(path, (data) => {
        problem.replaceChildren();
        show(data);
      }, (failure) => this.fail(failure));
      running.push(made);
      return made;
    },
    fail(failure) {
      if (failure.status === 401) return ended(failure.message);
      const title = failure.status === 403 ? 'You may not.' : 'That did not work.';
      problem.replaceChildren(notice('bad', title, failure.message));
      if (!(failure instanceof Failure)) throw failure;
    },
  };
}

function route() {
  const words = location.hash.replace(/^#\//, '').split('/').map(decodeURIComponent);
  const view = words[0] === 'pipelines' && words[1] ? pipeline : VIEWS[words[0]];
  if (!view) {
    location.replace('#/pipelines');
    return;
  }
  end();
  for (const link of document.querySelectorAll('#views a')) {
    const here = link.hash === `#/${words[0]}`;
    if (here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const made = frame(words.slice(1));
  const name = view.titleOf?.(made.words) ?? view.title;
  const heading = h('h1', { tabindex: '-1' }, name);
  document.title = `${name} · kafka-spanner`;
  main.replaceChildren(heading, made.problem, made.body);
  heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  view.show(made);
}

function ended(why) {
  end();
  window.removeEventListener('hashchange', route);
  start(why);
}

async function logout() {
  try {
    location.assign((await send('POST', '/auth/logout')).go);
  } catch {
    location.assign('/');
  }
}

async function start(why = '') {
  const session = await get('/auth/session');
  const views = document.getElementById('views');
  const person = document.getElementById('person');
  views.hidden = !session.signed_in;
  if (!session.signed_in) {
    person.replaceChildren();
    signIn(main, session.issuers, why);
    if (why) main.querySelector('h1').focus();
    return;
  }
  useCsrf(session.csrf);
  await learnNames();
  views.replaceChildren(h('ul', {}, Object.entries(VIEWS).map(([word, view]) =>
    h('li', {}, h('a', { href: `#/${word}` }, view.title)))));
  person.replaceChildren(
    h('span', { class: 'who' }, who(session)),
    h('button', { type: 'button', class: 'quiet', onclick: logout }, 'Sign out'));
  const goOn = whereToGoOn();
  if (goOn) history.replaceState(null, '', goOn);
  window.addEventListener('hashchange', route);
  route();
}

start().catch((failure) => {
  main.replaceChildren(h('h1', {}, 'kafka-spanner'), notice('bad', 'That did not work.', failure.message),
    h('p', {}, h('a', { class: 'button', href: '/' }, 'Try again')));
});
