// What is on the screen stays true: one conditional request at a time, every two seconds, which is
// as often as the server itself looks. It answers 304 where nothing changed. A stream of events
// would hold one of the server's few threads for each open tab; this holds none, and passes any
// proxy. Where nothing changes it asks less and less often, where something fails too; never in a
// tab that nobody looks at.
import { getFresh } from './api.js';

const EAGER = 2_000;
const LAZY = 10_000;
const FAILED_MAX = 60_000;

// Calls show(body) at each change and fail(failure) at each failure. Returns how to end it.
export function live(path, show, fail) {
  let tag = '';
  let pause = EAGER;
  let timer = 0;
  let turn = 0;  // of the last one that asked: an answer to an earlier one is nobody's any more
  let over = false;

  async function ask() {
    const mine = ++turn;
    const stale = () => over || mine !== turn;
    timer = 0;
    try {
      const fresh = await getFresh(path, tag);
      if (stale()) return;
      if (fresh) {
        tag = fresh.tag;
        show(fresh.body);
      }
      pause = fresh ? EAGER : Math.min(pause * 1.25, LAZY);
    } catch (failure) {
      if (stale()) return;
      tag = '';  // what was shown may have given way to the error
      fail(failure);
      if (failure.status === 401 || failure.status === 403 || failure.status === 404) return;
      pause = Math.min(pause * 2, FAILED_MAX);
    }
    if (!document.hidden) timer = setTimeout(ask, pause);
  }

  function wake() {
    if (document.hidden) {
      clearTimeout(timer);
      timer = 0;
    } else if (timer === 0) {
      now();
    }
  }

  function now() {
    clearTimeout(timer);
    pause = EAGER;
    ask();
  }

  document.addEventListener('visibilitychange', wake);
  ask();
  return {
    now,
    end() {
      over = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', wake);
    },
  };
}
