// Asks why, before something is done: a modal dialog, which keeps the focus and gives it back.
import { h, showModal } from './dom.js';

// Resolves to the answer {reason, minutes?}, or null where they thought better of it.
export function askWhy({ title, text, confirm, danger = false, minutes = false,
                         label = 'Why (goes on record)' }) {
  const reason = h('textarea', { id: 'reason', rows: '3', maxlength: '1500', required: true });
  const time = minutes && h('input', { id: 'minutes', type: 'number', min: '1', max: '1440', value: '30', required: true });
  const dialog = h('dialog', { 'aria-labelledby': 'asked' },
    h('form', {
      onsubmit: (event) => {
        event.preventDefault();
        dialog.close('yes');
      },
    },
      h('h2', { id: 'asked' }, title),
      text && h('p', {}, text),
      time && [h('label', { for: 'minutes' }, 'For how many minutes'), time],
      h('label', { for: 'reason' }, label), reason,
      h('div', { class: 'actions end' },
        h('button', { type: 'button', onclick: () => dialog.close('') }, 'Cancel'),
        h('button', { class: danger ? 'main danger' : 'main' }, confirm))));
  return showModal(dialog, time || reason).then((closed) => (closed === 'yes'
    ? { reason: reason.value.trim(), ...(time && { minutes: Number(time.value) }) } : null));
}
