import { describe, expect, it, vi } from 'vitest';

import type { Overview } from './generated/Overview';
import type { OverviewUpdate } from './generated/OverviewUpdate';
import { FIXTURES } from './fixtures';
import { MemoryBackend } from './memory';
import { overviews } from './overview';

const NOW = 1_700_000_000_000;

async function usual(): Promise<Overview> {
  return new MemoryBackend(FIXTURES.usual(NOW)).overview();
}

/** All of an overview, as the shell tells it first. */
function whole(overview: Overview, revision: number): OverviewUpdate {
  const { in_work, observed, queued } = overview;
  const rest = { ...overview, in_work: [], observed: [], queued: [] };
  return { revision, rest, in_work, observed, queued };
}

describe('the overview', () => {
  it('keeps what has not changed as it is', async () => {
    const first = await usual();
    const [one, ...others] = first.queued;
    const same = others.map(({ chat }) => chat.id);
    const next = { ...whole(first, 2), in_work: [], queued: [{ ...one!, n_unread: 77 }, ...same] };
    const ask = vi.fn().mockResolvedValueOnce(whole(first, 1)).mockResolvedValueOnce(next);
    const read = overviews(ask);
    await expect(read()).resolves.toEqual(first);
    const then = await read();
    expect(ask.mock.calls).toEqual([[null], [1]]);
    expect(then.in_work).toEqual([]);
    expect(then.queued[0]).toEqual({ ...one, n_unread: 77 });
    expect(then.queued.length).toBe(first.queued.length);
    for (const [n, summary] of others.entries()) expect(then.queued[n + 1]).toBe(summary);
  });

  it('goes by what was held when it was asked for', async () => {
    const first = await usual();
    const ids = first.queued.map(({ chat }) => chat.id);
    const same = { ...whole(first, 2), queued: ids };
    let late: (update: OverviewUpdate) => void = () => undefined;
    const ask = vi
      .fn()
      .mockResolvedValueOnce(whole(first, 1))
      .mockReturnValueOnce(new Promise((resolve) => (late = resolve)))
      .mockResolvedValueOnce(whole({ ...first, queued: [] }, 3));
    const read = overviews(ask);
    await read();
    const waiting = read();
    await read();
    late(same);
    expect((await waiting).queued).toEqual(first.queued);
  });

  it('is read in full after an answer that makes no sense', async () => {
    const first = await usual();
    const wrong = { ...whole(first, 2), queued: ['unheard of'] };
    const ask = vi
      .fn()
      .mockResolvedValueOnce(whole(first, 1))
      .mockResolvedValueOnce(wrong)
      .mockResolvedValueOnce(whole(first, 3));
    const read = overviews(ask);
    await read();
    await expect(read()).rejects.toThrow();
    await expect(read()).resolves.toEqual(first);
    // It holds the first still; the shell, which is further, tells of everything.
    expect(ask.mock.calls).toEqual([[null], [1], [1]]);
  });
});
