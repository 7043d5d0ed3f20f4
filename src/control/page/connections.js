// The newest of the connection log of this replica: logins, requests, and who was not let in.
import { h, moment, say, state, swap, table } from './dom.js';

export const title = 'Connections';

export function show(view) {
  const list = h('div');
  view.append(
    h('p', { class: 'empty' }, 'What this replica connected to, with which proof, and whom it did not let in. ',
      'Requests that it answered are only in the log that ', h('code', {}, '--connection-log'), ' keeps.'),
    list);
  view.live('/v1/connections', ({ connections }) => {
    swap(list, connections.length === 0 ? h('p', { class: 'empty' }, 'Nothing yet.') : rows(connections));
    const refused = connections.filter((each) => each.status_id === 2).length;
    say(`${connections.length} connections, ${refused} failed`);
  });
}

function rows(connections) {
  return table('Connections', [
    { title: 'When' }, { title: 'What' }, { title: 'Who', wide: true }, { title: 'How', wide: true },
    { title: 'Outcome' }, { title: 'Why', wide: true },
  ], connections.map((each) => [
    moment(new Date(each.time).toISOString()),
    h('span', {}, each.dst_endpoint?.svc_name ?? '', h('br'),
      h('span', { class: 'by' }, each.api?.operation ?? `${each.dst_endpoint?.hostname ?? each.dst_endpoint?.ip ?? ''}:${each.dst_endpoint?.port ?? ''}`)),
    each.actor?.user?.name ?? each.user?.name ?? '–',
    each.auth_protocol ?? each.unmapped?.auth_protocol ?? '–',
    state(each.status_id === 1 ? 'success' : 'failure'),
    h('span', { class: 'why' }, each.status_detail ?? ''),
  ]));
}
