import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ChatDeed } from './generated/ChatDeed';
import { FIXTURES } from './fixtures';
import { MemoryBackend } from './memory';
import type { MemoryChat } from './world';

let backend: MemoryBackend;

beforeEach(() => {
  vi.useFakeTimers();
  backend = new MemoryBackend(FIXTURES.usual(Date.now()), { answersAfterMs: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

function chat(chatId: string): MemoryChat {
  return backend.world.chats.get(chatId)!;
}

function lastNotice(chatId: string): unknown {
  return chat(chatId)
    .entries.map(({ body }) => (body.kind === 'notice' ? body.notice : null))
    .findLast((notice) => notice !== null);
}

describe('the panel in memory', () => {
  it.each<[string, ChatDeed, string]>([
    ['pavel', { deed: 'close' }, 'closed'],
    ['pavel', { deed: 'return_to_queue' }, 'returned'],
    ['pavel', { deed: 'transfer', to: 'op-ivan', note: null }, 'transferred'],
    ['fyodor', { deed: 'leave' }, 'left'],
  ])('lets what is done in %s wait five seconds: %o', async (chatId, deed, what) => {
    await backend.act(chatId, deed);
    await vi.advanceTimersByTimeAsync(4999);
    expect(chat(chatId).pending?.action).toBe(deed.deed);
    await vi.advanceTimersByTimeAsync(1);
    expect(chat(chatId).pending).toBeNull();
    expect(lastNotice(chatId)).toMatchObject({ what });
  });

  it('does nothing of what was taken back in time', async () => {
    const id = await backend.act('pavel', { deed: 'close' });
    await vi.advanceTimersByTimeAsync(4000);
    expect(await backend.takeBack(id)).toBe(true);
    await vi.advanceTimersByTimeAsync(4000);
    expect(chat('pavel').row.status).toBe('in_work');
    expect(await backend.takeBack(id)).toBe(false);
  });

  it('waits no longer once its author goes on to something else', async () => {
    await backend.act('pavel', { deed: 'return_to_queue' });
    await backend.comment('pavel', 'Пусть возьмёт кто свободен', [], 0);
    expect(chat('pavel').row.status).toBe('queued');
  });

  it('makes observers of those whom a comment calls, save the owner', async () => {
    await backend.comment('fyodor', '@Иван @Мария Примерова', ['op-ivan', 'op-maria'], 0);
    await vi.advanceTimersByTimeAsync(0);
    expect(chat('fyodor').row.observer_ids).toEqual(['op-anna', 'op-maria']);
    expect(chat('fyodor').row.owner_id).toBe('op-ivan');
    expect(lastNotice('fyodor')).toEqual({ what: 'joined', by: 'op-anna', observer: 'op-maria' });
  });

  it('does not take a queued chat by a comment', async () => {
    await backend.comment('q1', 'Это спам', [], 0);
    await vi.advanceTimersByTimeAsync(0);
    expect(chat('q1').row.status).toBe('queued');
    expect(chat('q1').row.waiting_since).not.toBeNull();
  });
});
