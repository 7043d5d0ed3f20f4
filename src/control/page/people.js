// What people are called. Their subject at the issuer, which is who they are, is always beside it: a name
// may be anything that somebody chose.
import { get } from './api.js';
import { h } from './dom.js';

const names = new Map();
const key = ({ issuer, subject }) => `${issuer} ${subject}`;

// Without names there are subjects.
export async function learnNames() {
  try {
    for (const person of (await get('/v1/people')).people) names.set(key(person), person.name);
  } catch {
    names.clear();
  }
}

// An element.
export function who(actor) {
  const name = names.get(key(actor));
  const title = `${actor.subject} of ${actor.issuer}`;
  if (!name || name === actor.subject) return h('span', { title }, actor.subject);
  return h('span', { title }, h('bdi', {}, name), ' (', h('bdi', {}, actor.subject), ')');
}

// The same as text.
export const named = (actor) => who(actor).textContent;
