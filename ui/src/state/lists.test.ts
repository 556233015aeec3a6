import { describe, expect, it } from 'vitest';

import { MemoryBackend } from '../api/memory';
import { FIXTURES } from '../api/fixtures';
import { type ListRow, listRows, longestWaiting, neighbour, nWaiting } from './lists';

const NOW = Date.now();
const usual = await new MemoryBackend(FIXTURES.usual(NOW)).overview();
const empty = await new MemoryBackend(FIXTURES['empty']!(NOW)).overview();
const shells = await new MemoryBackend(FIXTURES['shells']!(NOW)).overview();

const keys = (rows: ListRow[]): string[] => rows.map((row) => row.key);

describe('the list', () => {
  it('has the groups in order, each with its number and in the order of the panel', () => {
    expect(keys(listRows(usual))).toEqual([
      ...['group-in_work', 'marina', 'pavel', 'olga'],
      ...['group-observed', 'fyodor'],
      ...['group-queued', 'q1', 'q2', 'q3', 'q4', 'q5'],
    ]);
    expect(listRows(usual)[0]).toMatchObject({ kind: 'group', n: 3, nWaiting: 1 });
  });

  it('has unsent text first, when there is any', () => {
    expect(keys(listRows(shells)).slice(0, 3)).toEqual([
      'group-shells',
      'shell-1',
      'group-in_work',
    ]);
  });

  it('says kindly that the two groups everybody has are empty, and leaves out the others', () => {
    expect(listRows(empty).map((row) => row.kind)).toEqual(['group', 'empty', 'group', 'empty']);
  });

  it('folds a group to its header', () => {
    const rows = listRows(usual, { isFolded: (group) => group === 'queued' });
    expect(keys(rows).at(-1)).toBe('group-queued');
    expect(rows.at(-1)).toMatchObject({ n: 5, isFolded: true });
  });
});

describe('the filter', () => {
  it.each([
    ['марин', ['marina']],
    ['ФЕДОР', ['fyodor']],
    ['999 000-01-02', ['pavel']],
    ['8 999 000 01 02', ['pavel']],
    ['гатчину', ['q3']],
    // Nobody's number is meant by a number among words, nor by what an 8 is not before.
    ['заказ 999', []],
    ['5999', []],
    ['никого такого', []],
  ])('%s finds by name, number and last line', (filter, found) => {
    const rows = listRows(usual, { filter, isFolded: () => true });
    expect(keys(rows.filter((row) => row.kind === 'chat'))).toEqual(found);
  });

  it('shows only groups with hits', () => {
    expect(keys(listRows(usual, { filter: 'Павел' }))).toEqual(['group-in_work', 'pavel']);
  });
});

describe('arrow keys', () => {
  it('pass over headers and stop at the ends', () => {
    const rows = listRows(usual);
    expect(neighbour(rows, null, 1)).toBe('marina');
    expect(neighbour(rows, 'olga', 1)).toBe('fyodor');
    expect(neighbour(rows, 'q1', -1)).toBe('fyodor');
    expect(neighbour(rows, 'q5', 1)).toBeNull();
    expect(neighbour([], null, 1)).toBeNull();
  });
});

describe('the next who waits', () => {
  it('is whoever waits longest, for me or in the queue, besides the chat that is left', () => {
    expect(longestWaiting(usual, 'pavel')).toBe('q1');
    expect(longestWaiting(usual, 'q1')).toBe('q2');
    const newcomers = { ...usual, queued: usual.queued.slice(3) };
    expect(longestWaiting(newcomers, 'pavel')).toBe('marina');
    expect(longestWaiting(newcomers, 'marina')).toBe('q4');
    expect(longestWaiting(empty, 'q1')).toBeNull();
  });

  it('is nobody about whom something is done already', () => {
    const pending = { command_id: 'c', action: 'close', until: 0, to: null } as const;
    const queued = usual.queued.map((one) => (one.chat.id === 'q1' ? { ...one, pending } : one));
    expect(longestWaiting({ ...usual, queued }, 'pavel')).toBe('q2');
  });
});

describe('the badge', () => {
  it('counts the unanswered: mine and the queue, not what colleagues answer', () => {
    expect(nWaiting(usual)).toBe(6);
    expect(nWaiting(empty)).toBe(0);
  });
});
