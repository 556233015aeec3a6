/** Words for what waits so that it can be taken back. */
import type { Pending } from '../api/generated/Pending';
import { m } from '../paraglide/messages';
import type { People } from './entries';

/** What is going to happen. */
export function pendingText(pending: Pending, nameOf: People['name']): string {
  switch (pending.action) {
    case 'leave':
      return m.pending_leave();
    case 'transfer':
      return pending.to === null
        ? m.pending_other()
        : m.pending_transfer({ name: nameOf(pending.to) });
    case 'return_to_queue':
      return m.pending_return();
    case 'close':
      return m.pending_close();
    default:
      return m.pending_other();
  }
}
