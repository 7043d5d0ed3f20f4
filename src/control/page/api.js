// The API as the page asks it: always this very origin, with the session's cookie.

let csrf = '';
export function useCsrf(token) { csrf = token; }

// What went wrong, in words that say what to do.
export class Failure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const HINTS = {
  0: 'The server does not answer. Check your network; this page tries again by itself.',
  500: 'Something is wrong inside of the server; its log says what.',
  503: 'Spanner or the identity provider is out of reach. This page tries again by itself.',
};

async function fail(response) {
  let said = '';
  try {
    said = (await response.json()).error ?? '';
  } catch { /* no JSON: the hint has to do */ }
  throw new Failure(response.status, [said, HINTS[response.status]].filter(Boolean).join('. '));
}

async function ask(path, options) {
  try {
    return await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...options });
  } catch {
    throw new Failure(0, HINTS[0]);
  }
}

// {body, tag}, or null where it is still what `tag` stands for.
export async function getFresh(path, tag = '') {
  const response = await ask(path, { headers: tag ? { 'If-None-Match': tag } : {} });
  if (response.status === 304) return null;
  if (!response.ok) await fail(response);
  return { body: await response.json(), tag: response.headers.get('ETag') ?? '' };
}

export async function get(path) { return (await getFresh(path)).body; }

export async function send(method, path, body = {}) {
  const response = await ask(path, {
    method,
    headers: { 'Content-Type': 'application/json', 'X-Csrf-Token': csrf },
    body: JSON.stringify(body),
  });
  if (!response.ok) await fail(response);
  return response.json();
}

export const at = (...segments) => '/' + segments.map(encodeURIComponent).join('/');
