// All pipelines that one may see: how far behind, how fast, in which state.
import { at } from './api.js';
import { h, number, say, seconds, state, swap, table } from './dom.js';

export const title = 'Pipelines';

export function show(view) {
  const list = h('div');
  view.append(list);
  return view.live('/v1/pipelines', ({ pipelines }) => {
    swap(list, pipelines.length === 0 ? nothing() : all(pipelines));
    const wrong = pipelines.filter((p) => p.status === 'failed' || p.status === 'unassigned').length;
    say(`${pipelines.length} pipelines, ${wrong} of them in trouble`);
  });
}

function nothing() {
  return h('p', { class: 'empty' }, 'There is no pipeline that you may see. Put one here with ',
    h('code', {}, 'PUT /v1/pipelines/NAME'), ', or ask for a role that may ', h('code', {}, 'see'), ' one.');
}

function all(pipelines) {
  return table('Pipelines', [
    { title: 'Pipeline' }, { title: 'State' }, { title: 'Lag', number: true },
    { title: 'Records/s', number: true }, { title: 'Partitions', number: true, wide: true },
    { title: 'Behind', number: true, wide: true }, { title: 'Environment', wide: true },
  ], pipelines.map((p) => [
    h('a', { href: `#${at('pipelines', p.name)}`, 'data-key': p.name }, p.name),
    state(p.status), seconds(p.lag_seconds), number(p.records_per_second), number(p.partitions),
    number(p.lag_records), p.environment,
  ]));
}
