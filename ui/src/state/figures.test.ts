import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FIXTURES } from '../api/fixtures';
import type { FiguresQuery } from '../api/generated/FiguresQuery';
import type { ServiceFigures } from '../api/generated/ServiceFigures';
import { MemoryBackend } from '../api/memory';
import { figuresOf, FiguresState } from './figures.svelte';

/** A Friday by the company’s clock, while it is still Thursday in most of the world. */
const ZONE = 'Asia/Vladivostok';
const NOW = Date.UTC(2026, 10, 26, 16, 4);

let backend: MemoryBackend;
let asked: FiguresQuery[];
let figures: FiguresState;

beforeEach(() => {
  backend = new MemoryBackend(FIXTURES['supervisor']!(NOW));
  asked = [];
  const answer = backend.figures.bind(backend);
  backend.figures = (query) => {
    asked.push(query);
    return answer(query);
  };
  figures = new FiguresState(
    backend,
    () => NOW,
    () => ZONE,
  );
});

afterEach(() => {
  vi.restoreAllMocks();
});

function days(): string[] {
  const { from, to } = asked.at(-1)!;
  return [from, to];
}

describe('what is asked for', () => {
  it('is the last seven days of everybody at first, by the company’s clock', async () => {
    await figures.read();
    expect(asked).toEqual([
      {
        from: '2026-11-21',
        to: '2026-11-27',
        zone: ZONE,
        within_s: 300,
      },
    ]);
    expect(figures.reading).toBe('done');
    expect(figures.readAt).toBe(NOW);
    expect(figures.figures?.by_day).toHaveLength(7);
  });

  it.each([
    ['today', '2026-11-27', '2026-11-27'],
    ['yesterday', '2026-11-26', '2026-11-26'],
    ['month', '2026-10-29', '2026-11-27'],
  ] as const)('of %s are those days', (period, from, to) => {
    figures.narrow({ period });
    expect(days()).toEqual([from, to]);
  });

  it('goes on with the days that were shown, when they are one’s own', () => {
    figures.narrow({ period: 'own' });
    expect(days()).toEqual(['2026-11-21', '2026-11-27']);
    figures.narrow({ from: '2026-11-01' });
    expect(days()).toEqual(['2026-11-01', '2026-11-27']);
  });

  it('is not asked for while it makes no sense, and says why', () => {
    figures.narrow({ period: 'own' });
    const before = asked.length;
    for (const [filters, why] of [
      [{ to: '' }, 'missing'],
      [{ to: '2026-11-20' }, 'backwards'],
      [{ from: '2025-10-01', to: '2026-11-27' }, 'too_long'],
    ] as const) {
      figures.narrow(filters);
      expect(figures.noPeriod).toBe(why);
    }
    expect(asked).toHaveLength(before);
    figures.narrow({ from: '2025-10-24' });
    expect(figures.noPeriod).toBeNull();
    expect(asked).toHaveLength(before + 1);
  });

  it('is narrowed by channel, operator and what is in time', () => {
    figures.narrow({ channelId: 'channel-1', operatorId: 'op-anna', withinS: 60 });
    expect(asked.at(-1)).toMatchObject({
      channel_id: 'channel-1',
      operator_id: 'op-anna',
      within_s: 60,
    });
  });

  it('stays while other things are looked at', () => {
    const first = figuresOf(
      backend,
      () => NOW,
      () => ZONE,
    );
    first.narrow({ period: 'today' });
    expect(
      figuresOf(
        backend,
        () => NOW,
        () => ZONE,
      ),
    ).toBe(first);
  });
});

describe('what was counted', () => {
  it('is that of what was asked last, whatever is answered first', async () => {
    const answers: ((figures: ServiceFigures) => void)[] = [];
    const real = await backend.figures({ from: '2026-11-27', to: '2026-11-27', zone: 'UTC' });
    backend.figures = () => new Promise((answer) => answers.push(answer));
    const first = figures.read();
    figures.narrow({ period: 'today' });
    answers[1]!(real);
    answers[0]!({ ...real, from: '2026-11-21' });
    await first;
    await vi.waitFor(() => expect(figures.reading).toBe('done'));
    expect(figures.figures?.from).toBe('2026-11-27');
  });

  it('stays when it cannot be counted again, and that is told', async () => {
    await figures.read();
    backend.failNext = 'offline';
    await figures.read();
    expect(figures.reading).toBe('failed');
    expect(figures.figures?.by_day).toHaveLength(7);
    await figures.read();
    expect(figures.reading).toBe('done');
  });
});
