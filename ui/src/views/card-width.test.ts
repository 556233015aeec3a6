import { waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { page } from '../test/page';

/** A window that is made wider and narrower: its media queries by the width alone. */
class Width {
  #now: number;
  readonly #queries: { limit: number; query: MediaQueryList }[] = [];

  constructor(now: number) {
    this.#now = now;
    vi.stubGlobal('matchMedia', (media: string) => this.#query(media));
  }

  set(width: number): void {
    const before = this.#now;
    this.#now = width;
    for (const { limit, query } of this.#queries) {
      if (before <= limit !== width <= limit) query.dispatchEvent(new Event('change'));
    }
  }

  #query(media: string): MediaQueryList {
    const limit = Number(/max-width: (\d+)px/u.exec(media)?.[1] ?? -1);
    const matches = (): boolean => this.#now <= limit;
    const query = Object.defineProperty(new EventTarget(), 'matches', { get: matches });
    this.#queries.push({ limit, query: query as MediaQueryList });
    return query as MediaQueryList;
  }
}

afterEach(() => vi.unstubAllGlobals());

describe('the card of a window that is made wider', () => {
  it('goes with the look, keeps what was typed, and can be opened beside the conversation', async () => {
    const width = new Width(900);
    const { user, the, has, open, backend } = page();
    await the('group-queued');
    await open('q3');
    await user.click(await the('card-toggle'));
    await user.type(await the('card-note'), 'Любит ясень');
    width.set(1280);
    await waitFor(() => expect(has('card')).toBe(false));
    await waitFor(() => expect(backend.world.chats.get('q3')?.row.client.note).toBe('Любит ясень'));
    await user.click(await the('card-toggle'));
    await the('card');
  });
});
