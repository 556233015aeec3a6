import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FIXTURES } from '../api/fixtures';
import type { ArchivePage } from '../api/generated/ArchivePage';
import type { ArchiveQuery } from '../api/generated/ArchiveQuery';
import { MemoryBackend } from '../api/memory';
import type { ArchivedChat } from './archive.svelte';
import { ArchiveState } from './archive.svelte';

let backend: MemoryBackend;
let archive: ArchiveState;
let asked: ArchiveQuery[];

beforeEach(() => {
  vi.useFakeTimers();
  backend = new MemoryBackend(FIXTURES['archive']!(Date.now()));
  asked = [];
  const search = backend.archive.bind(backend);
  backend.archive = (query) => {
    asked.push(query);
    return search(query);
  };
  archive = new ArchiveState(backend);
});

afterEach(() => {
  vi.useRealTimers();
});

function found(): string[] {
  return archive.hits.map(({ chat }) => chat.id);
}

/** The searches of the archive are answered when they are told to. */
function answering(): ((page: ArchivePage) => void)[] {
  const answers: ((page: ArchivePage) => void)[] = [];
  backend.archive = () => new Promise((answer) => answers.push(answer));
  return answers;
}

function pageOf(...ids: string[]): ArchivePage {
  const hits = ids.map((id) => ({ chat: backend.world.chats.get(id)!.row, line: null }));
  return { hits, next: null };
}

describe('a search in the archive', () => {
  it('waits until typing pauses, and asks once', async () => {
    for (const text of ['г', 'га', 'гат']) {
      archive.type(text);
      await vi.advanceTimersByTimeAsync(200);
    }
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(50);
    expect(asked).toEqual([{ limit: 30, text: 'гат' }]);
    expect(found()).toEqual(['past-elka']);
    expect(archive.hits[0]?.line?.place).toBe(4);
    expect(archive.foundBy).toBe('гат');
  });

  it('does not ask again for spaces', async () => {
    archive.type('гат');
    await vi.runAllTimersAsync();
    archive.type('гат ');
    await vi.runAllTimersAsync();
    expect(asked).toHaveLength(1);
  });

  it('drops the answers to what is no longer asked', async () => {
    const answers = answering();
    void archive.search();
    archive.type('гат');
    await vi.advanceTimersByTimeAsync(250);
    answers[1]!(pageOf('past-elka'));
    await vi.runAllTimersAsync();
    answers[0]!(pageOf('past-shared'));
    await vi.runAllTimersAsync();
    expect(found()).toEqual(['past-elka']);
    expect(archive.searching).toBe('done');
  });

  it('keeps what was found until the next answer', async () => {
    await archive.search();
    const answers = answering();
    archive.type('гат');
    await vi.advanceTimersByTimeAsync(250);
    expect(archive.searching).toBe('again');
    expect(found()).not.toEqual([]);
    answers[0]!(pageOf());
    await vi.runAllTimersAsync();
    expect(found()).toEqual([]);
    expect(archive.isNarrowed).toBe(true);
  });

  it('is narrowed by whose it was and by whole days', async () => {
    archive.narrow({ ownerId: 'op-ivan' });
    await vi.runAllTimersAsync();
    expect(found()).toEqual(['past-shared']);
    archive.narrow({ ownerId: null, from: '2026-03-12', until: '2026-03-12' });
    expect(archive.nFilters).toBe(2);
    expect(asked.at(-1)).toEqual({
      limit: 30,
      from: new Date(2026, 2, 12).getTime(),
      until: new Date(2026, 2, 13).getTime(),
    });
    archive.clearFilters();
    expect(archive.nFilters).toBe(0);
    expect(asked.at(-1)).toEqual({ limit: 30 });
  });

  it('goes on behind the last hit, and holds nothing twice', async () => {
    await archive.search();
    expect(archive.hits).toHaveLength(30);
    expect(archive.hasMore).toBe(true);
    const last = archive.hits.at(-1)!.chat;
    const place = `${last.last_activity_at}_${last.id}`;
    const first = backend.world.chats.get(found()[0]!)!;
    // Whoever has moved meanwhile would come again.
    first.row.last_activity_at = 1;
    while (archive.hasMore) await archive.loadMore();
    expect(asked[1]).toEqual({ limit: 30, after: place });
    expect(new Set(found()).size).toBe(found().length);
    expect(found()).toHaveLength(74);
  });

  it('goes on by itself over what brings nothing', async () => {
    const pages = [
      { hits: [], next: '9_a' },
      { hits: [], next: '8_b' },
      { ...pageOf('past-elka'), next: '7_c' },
      { hits: [], next: '6_d' },
      pageOf('past-shared'),
    ];
    backend.archive = async (query) => {
      asked.push(query);
      return pages[asked.length - 1]!;
    };
    await archive.search();
    expect(found()).toEqual(['past-elka']);
    await archive.loadMore();
    expect(found()).toEqual(['past-elka', 'past-shared']);
    expect(archive.hasMore).toBe(false);
    expect(asked.map(({ after }) => after)).toEqual([undefined, '9_a', '8_b', '7_c', '6_d']);
  });

  it('that is begun anew forgets the rest of the one before', async () => {
    await archive.search();
    const answers = answering();
    void archive.loadMore();
    void archive.search();
    answers[1]!(pageOf('past-elka'));
    answers[0]!(pageOf('past-shared'));
    await vi.runAllTimersAsync();
    expect(found()).toEqual(['past-elka']);
    expect(archive.more).toBe('idle');
  });

  it('that failed says why and can be tried again', async () => {
    backend.world.connection = { state: 'offline', since: 0, cannot_write: false };
    await archive.search();
    expect(archive.searching).toBe('failed');
    expect(archive.error).toMatchObject({ code: 'offline' });
    backend.world.connection = { state: 'live' };
    await archive.search();
    expect(archive.searching).toBe('done');
    backend.failNext = 'offline';
    await archive.loadMore();
    expect(archive.more).toBe('failed');
    expect(archive.hits).toHaveLength(30);
    await archive.loadMore();
    expect(archive.hits).toHaveLength(60);
  });
});

describe('a chat of the archive', () => {
  async function opened(id: string, text = ''): Promise<ArchivedChat> {
    archive.type(text);
    await archive.search();
    archive.open(id);
    await vi.runAllTimersAsync();
    return archive.chat!;
  }

  it('is read in pages, upwards', async () => {
    const chat = await opened('past-long');
    expect(chat.loading).toBe('ready');
    expect(chat.entries).toHaveLength(80);
    expect(chat.position).toBeNull();
    while (chat.hasOlder) await chat.loadOlder();
    expect(chat.entries.map(({ place }) => place)).toEqual(
      Array.from({ length: 301 }, (_, index) => index + 1),
    );
  });

  it('is read as far as the line that was found, and shown there', async () => {
    const chat = await opened('past-long', 'вернис');
    expect(chat.entries).toHaveLength(301 - 181 + 1 + 20);
    expect(chat.position).toEqual({ key: 'past-long-181', offset: 72 });
  });

  it('goes to a line that is too far up to be read at once', async () => {
    const chat = await opened('past-long', 'витраж');
    expect(chat.position).toBeNull();
    expect(chat.target).toBe(31);
  });

  it('tells when it was closed', async () => {
    const chat = await opened('past-elka');
    const notice = backend.world.chats.get('past-elka')!.entries.at(-1)!;
    expect(chat.closedAt).toBe(notice.sent_at);
  });

  it('says that older entries need the connection, and reads them with it', async () => {
    const chat = await opened('past-long');
    backend.world.connection = { state: 'offline', since: 0, cannot_write: false };
    await chat.loadOlder();
    expect(chat.olderNeedsConnection).toBe(true);
    backend.world.connection = { state: 'live' };
    await chat.loadOlder();
    expect(chat.olderNeedsConnection).toBe(false);
    expect(chat.entries).toHaveLength(160);
  });

  it('is put back in work as it was found', async () => {
    const chat = await opened('past-elka');
    const reopen = vi.spyOn(backend, 'reopenChat');
    await chat.reopen();
    expect(reopen).toHaveBeenCalledWith('past-elka', 5);
    expect(chat.isReopening).toBe(true);
  });

  it('that could not be put back can be tried again', async () => {
    const chat = await opened('past-elka');
    backend.failNext = 'storage';
    await expect(chat.reopen()).rejects.toMatchObject({ code: 'storage' });
    expect(chat.isReopening).toBe(false);
  });

  it('hears that putting it back was refused', async () => {
    const chat = await opened('past-elka');
    await chat.hear();
    expect(chat.refused).toBeNull();
    await chat.reopen();
    backend.world.chats.get('past-elka')!.held = {
      command_id: 'command-1',
      action: 'reopen',
      problem: { code: 'wrong_status', message: '', details: {} },
      owner_id: null,
    };
    await chat.hear();
    expect(chat.refused?.problem.code).toBe('wrong_status');
    expect(chat.isReopening).toBe(false);
    expect(backend.world.chats.get('past-elka')!.held).toBeNull();
  });

  it('that is in the archive no more is shown no more', async () => {
    await opened('past-elka');
    archive.drop('past-elka');
    expect(archive.chat).toBeNull();
    expect(found()).not.toContain('past-elka');
  });
});
