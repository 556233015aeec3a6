import { beforeEach, describe, expect, it, vi } from 'vitest';

import { FIXTURES } from '../api/fixtures';
import type { FoundEntry } from '../api/generated/FoundEntry';
import type { SearchPage } from '../api/generated/SearchPage';
import type { SearchQuery } from '../api/generated/SearchQuery';
import { MemoryBackend } from '../api/memory';
import { SearchState } from './search.svelte';

const backend = new MemoryBackend(FIXTURES.usual(Date.now()));
const PAGE = 40;

/** What there is to be found, newest first. */
let there: string[];
let asked: SearchQuery[];

function entry(id: string): FoundEntry {
  const chat = backend.world.chats.get('olga')!;
  return { chat: chat.row, line: { ...chat.entries[0]!, id }, forms: [] };
}

beforeEach(() => {
  there = Array.from({ length: 300 }, (_, n) => `found-${n}`);
  asked = [];
  vi.spyOn(backend, 'search').mockImplementation((query): Promise<SearchPage> => {
    asked.push(query);
    const begin = query.after === undefined ? 0 : there.indexOf(query.after) + 1;
    const ids = there.slice(begin, begin + (query.limit ?? PAGE));
    return Promise.resolve({
      entries: ids.map(entry),
      next: ids.at(-1) ?? null,
      chats: [],
      has_more_chats: false,
      n_missing: 0,
    });
  });
});

function found(search: SearchState): string[] {
  return search.entries.map(({ line }) => line.id);
}

describe('what was found', () => {
  it('stays, however far one has read, when there is more to be found', async () => {
    const search = new SearchState(backend);
    search.type('доставка');
    await vi.waitFor(() => expect(found(search)).toHaveLength(PAGE));
    for (let n = 0; n < 5; n += 1) await search.loadMore();
    expect(found(search)).toEqual(there.slice(0, 240));
    there = ['newest', ...there];
    search.refresh();
    await vi.waitFor(() => expect(found(search)[0]).toBe('newest'));
    expect(found(search)).toEqual(there.slice(0, 240));
    await search.loadMore();
    expect(found(search)).toEqual(there.slice(0, 280));
    // What is gone is not shown any longer, however far down it stood.
    there = there.filter((id) => id !== 'found-270');
    search.refresh();
    await vi.waitFor(() => expect(found(search)).not.toContain('found-270'));
  });

  it('is not less when it was little and more has come', async () => {
    const all = there;
    there = all.slice(5, 6);
    const search = new SearchState(backend);
    search.type('доставка');
    await vi.waitFor(() => expect(found(search)).toHaveLength(1));
    there = all.slice(0, 6);
    search.refresh();
    await vi.waitFor(() => expect(found(search)).toEqual(there));
  });

  it('is begun anew for other words', async () => {
    const search = new SearchState(backend);
    search.type('доставка');
    await vi.waitFor(() => expect(found(search)).toHaveLength(PAGE));
    await search.loadMore();
    search.type('диван');
    await vi.waitFor(() => expect(found(search)).toHaveLength(PAGE));
    expect(asked.at(-1)).toEqual({ text: 'диван' });
  });

  it('has not failed any more once what lies behind has come after all', async () => {
    const search = new SearchState(backend);
    search.type('оплата');
    await vi.waitFor(() => expect(found(search)).toHaveLength(PAGE));
    vi.mocked(backend.search).mockRejectedValueOnce(new Error('no'));
    await search.loadMore();
    expect(search.hasFailed).toBe(true);
    await search.loadMore();
    expect(search.hasFailed).toBe(false);
    expect(found(search)).toHaveLength(2 * PAGE);
  });
});
