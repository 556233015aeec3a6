import { describe, expect, it } from 'vitest';

import { FIXTURES } from '../api/fixtures';
import type { KindChoice } from '../api/generated/KindChoice';
import type { NotificationKind } from '../api/generated/NotificationKind';
import { MemoryBackend } from '../api/memory';
import { onBadge } from './badge';
import { nWaiting } from './lists';

const backend = new MemoryBackend(FIXTURES['announced']!(Date.now()));
const overview = await backend.overview();
const lines = await backend.notifications();
const { kinds } = await backend.notificationChoices();

/** Exactly these kinds count. */
const counting = (...what: NotificationKind[]): KindChoice[] =>
  kinds.map((kind) => ({
    ...kind,
    alert: { ...kind.alert, badge: what.includes(kind.what) },
  }));

describe('the number on dock, taskbar and tray', () => {
  it('is that of the clients who wait, as usual', () => {
    expect(onBadge(overview, kinds, lines)).toBe(nWaiting(overview));
  });

  it('has nothing of what does not count', () => {
    expect(onBadge(overview, counting(), lines)).toBe(0);
    const mine = onBadge(overview, counting('new_message'), lines);
    const queue = onBadge(overview, counting('new_in_queue'), lines);
    expect(mine).toBeGreaterThan(0);
    expect(mine + queue).toBe(nWaiting(overview));
  });

  it('has what was told and not seen of each other kind, once for a chat', () => {
    const [first] = lines;
    const unseen = (what: NotificationKind, chatId: string | null): typeof first => ({
      ...first!,
      is_seen: false,
      notification: { ...first!.notification, what, chat_id: chatId },
    });
    const told = [
      unseen('mention', 'fyodor'),
      unseen('mention', 'fyodor'),
      unseen('observed', 'fyodor'),
      { ...unseen('mention', 'olga')!, is_seen: true },
    ].map((line) => line!);
    expect(onBadge(overview, counting('mention'), told)).toBe(1);
    expect(onBadge(overview, counting('mention', 'observed'), told)).toBe(1);
    expect(onBadge(overview, counting('overdue'), told)).toBe(0);
    const waits = overview.queued.find(({ chat }) => chat.waiting_since !== null)!;
    const again = unseen('mention', waits.chat.id)!;
    const queue = onBadge(overview, counting('new_in_queue'), []);
    expect(onBadge(overview, counting('new_in_queue', 'mention'), [again])).toBe(queue);
  });
});
