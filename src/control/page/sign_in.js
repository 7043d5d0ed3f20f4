// Where nobody is signed in yet.
import { h } from './dom.js';

const WHERE = 'kafka-spanner: where to go on';

export function signIn(main, issuers, why) {
  main.replaceChildren(h('div', { class: 'narrow' },
    h('h1', { tabindex: '-1' }, why ? 'Your session has ended' : 'Sign in'),
    h('p', {}, why || 'Pipelines from Kafka to Spanner, and who may do what to them.'),
    issuers.length === 0
      ? h('p', {}, 'People cannot sign in here yet: the server’s file names no issuer with a ',
          h('code', {}, 'client:'), '. Machines use tokens.')
      : h('ul', { class: 'plain' }, issuers.map((issuer) => h('li', {},
          h('a', {
            class: 'button main',
            href: `/auth/login?issuer=${encodeURIComponent(issuer)}`,
            onclick: () => sessionStorage.setItem(WHERE, location.hash),
          }, `Sign in with ${new URL(issuer).host}`))))));
}

// The view that somebody was on when they had to sign in.
export function whereToGoOn() {
  const hash = sessionStorage.getItem(WHERE);
  sessionStorage.removeItem(WHERE);
  return hash;
}
