/** The number on dock, taskbar and tray. */
import type { KindChoice } from '../api/generated/KindChoice';
import type { NotificationKind } from '../api/generated/NotificationKind';
import type { NotificationLine } from '../api/generated/NotificationLine';
import type { Overview } from '../api/generated/Overview';

/** What stands in a list: of these it counts who waits there, and not what was told. */
const STANDING: readonly NotificationKind[] = ['new_in_queue', 'new_message'];

/** How much of what counts there is: chats in which a client waits, and what was told and not seen. */
export function onBadge(
  overview: Pick<Overview, 'in_work' | 'queued'>,
  kinds: readonly KindChoice[],
  lines: readonly NotificationLine[],
): number {
  const counts = new Set(kinds.filter(({ alert }) => alert.badge).map(({ what }) => what));
  const waiting = [
    ...(counts.has('new_message') ? overview.in_work : []),
    ...(counts.has('new_in_queue') ? overview.queued : []),
  ].filter(({ chat }) => chat.waiting_since !== null);
  const told = lines
    .filter((line) => !line.is_seen)
    .map((line) => line.notification)
    .filter(({ what }) => counts.has(what) && !STANDING.includes(what))
    .map(({ key, chat_id: chatId }) => chatId ?? JSON.stringify(key));
  return new Set([...waiting.map(({ chat }) => chat.id), ...told]).size;
}
