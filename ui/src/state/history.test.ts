import { describe, expect, it } from 'vitest';

import type { Echo } from '../api/generated/Echo';
import type { EntryBody } from '../api/generated/EntryBody';
import type { EntryRow } from '../api/generated/EntryRow';
import { historyRows, isNewAwaited, mergeNewest, mergeOlder, newRowKey } from './history';

const NOON = new Date(2026, 4, 20, 12, 0, 0).getTime();
const MINUTE = 60_000;

function entry(place: number, body: Partial<EntryRow> & { is?: EntryBody } = {}): EntryRow {
  const { is, ...rest } = body;
  return {
    id: `entry-${place}`,
    chat_id: 'chat',
    place,
    author_id: null,
    integration_id: null,
    command_id: null,
    sent_at: NOON + place * MINUTE,
    received_at: NOON + place * MINUTE,
    body: is ?? { kind: 'inbound', text: `text ${place}` },
    ...rest,
  };
}

const outbound: EntryBody = {
  kind: 'outbound',
  text: 'ours',
  delivery: { state: 'sent', failure: null, failure_details: null },
};

function echo(command_id: string, mode: Echo['mode'] = 'reply'): Echo {
  return { command_id, mode, text: 'ours', written_at: NOON + 9 * MINUTE, is_handed_over: true };
}

function rows(
  entries: EntryRow[],
  rest: Partial<Parameters<typeof historyRows>[0]> = {},
): ReturnType<typeof historyRows> {
  return historyRows({ entries, echoes: [], newAfter: null, isComplete: false, me: 'me', ...rest });
}

describe('the rows of a history', () => {
  it('have a chip where a day begins', () => {
    const later = entry(2, { sent_at: NOON + 24 * 60 * MINUTE });
    expect(rows([entry(1), later]).map((row) => row.kind)).toEqual([
      'day',
      'entry',
      'day',
      'entry',
    ]);
  });

  it('have the "new" line before the first message after what was read', () => {
    const kinds = rows([entry(1), entry(2), entry(3)], { newAfter: 1 }).map((row) => row.kind);
    expect(kinds).toEqual(['day', 'entry', 'new', 'entry', 'entry']);
  });

  it('say where the chat begins once its first entry is there', () => {
    expect(rows([entry(1)], { isComplete: true })[0]?.kind).toBe('start');
    expect(rows([], { isComplete: true })).toEqual([]);
  });

  it('join bubbles of one author within five minutes', () => {
    const joined = rows([
      entry(1),
      entry(2),
      entry(3, { is: outbound, author_id: 'me' }),
      entry(4, { is: outbound, author_id: 'ivan' }),
      entry(5, { sent_at: NOON + 30 * MINUTE }),
      entry(6, { sent_at: NOON + 36 * MINUTE }),
    ]).flatMap((row) => (row.kind === 'entry' ? [[row.isFirst, row.isLast]] : []));
    expect(joined).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [true, true],
      [true, true],
      [true, true],
    ]);
  });

  it('do not join over a notice', () => {
    const notice: EntryBody = { kind: 'notice', notice: { what: 'taken', by: 'me' } };
    const joined = rows([entry(1), entry(2, { is: notice }), entry(3)]);
    expect(joined.flatMap((row) => (row.kind === 'entry' ? [row.isFirst] : []))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('show an echo until its entry is there, and then the entry in the same row', () => {
    const before = rows([entry(1)], { echoes: [echo('c')] });
    expect(before.at(-1)).toMatchObject({ kind: 'echo', key: 'c' });
    const married = entry(2, { is: outbound, author_id: 'me', command_id: 'c' });
    const after = rows([entry(1), married], { echoes: [echo('c')] });
    expect(after.at(-1)).toMatchObject({ kind: 'entry', key: 'c' });
    expect(after).toHaveLength(before.length);
  });

  it('keep comments and replies of one author apart, also while they wait', () => {
    const comment: EntryBody = { kind: 'comment', text: 'ours', mentions: [] };
    const joined = rows(
      [
        entry(7, { is: outbound, author_id: 'me' }),
        entry(8, { is: comment, author_id: 'me' }),
        entry(9, { is: comment, author_id: 'me' }),
      ],
      { echoes: [echo('c', 'comment'), echo('d', 'reply')] },
    ).flatMap((row) => ('isFirst' in row ? [row.isFirst] : []));
    expect(joined).toEqual([true, true, false, false, true]);
  });

  it('marry a comment to its echo', () => {
    const comment: EntryBody = { kind: 'comment', text: 'ours', mentions: [] };
    const married = entry(2, { is: comment, author_id: 'me', command_id: 'c' });
    const after = rows([entry(1), married], { echoes: [echo('c', 'comment')] });
    expect(after.at(-1)).toMatchObject({ kind: 'entry', key: 'c' });
  });

  it('have keys of their own, even when one command made a notice and a message', () => {
    const notice: EntryBody = { kind: 'notice', notice: { what: 'taken', by: 'me' } };
    const keys = rows([
      entry(1, { is: notice, command_id: 'c' }),
      entry(2, { is: outbound, command_id: 'c' }),
      entry(3, { sent_at: NOON - 24 * 60 * MINUTE }),
      entry(4),
    ]).map((row) => row.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('stretches of a history', () => {
  it('that touch or overlap become one, the newer word winning', () => {
    const read = entry(3, { is: outbound });
    expect(mergeNewest([entry(1), entry(2), entry(3)], [read, entry(4)])).toEqual([
      entry(1),
      entry(2),
      read,
      entry(4),
    ]);
    expect(mergeNewest([entry(1)], [entry(2)]).map((one) => one.place)).toEqual([1, 2]);
  });

  it('with a hole between them do not hide it', () => {
    expect(mergeNewest([entry(1)], [entry(3)]).map((one) => one.place)).toEqual([3]);
    expect(mergeNewest([entry(1)], [])).toEqual([]);
  });

  it('that were read twice are held once', () => {
    const older = [entry(1), entry(2)];
    const held = mergeOlder(older, [entry(3)]);
    expect(mergeOlder(older, held).map((one) => one.place)).toEqual([1, 2, 3]);
  });
});

describe('the first unread message', () => {
  const held = [entry(300), entry(301)];

  it.each([
    ['is there', held, 299, false, 'new'],
    ['has others before it', held, 300, false, 'new'],
    ['is near', held, 298, true, 'new'],
    ['is as far as is waited for', held, 99, true, 'new'],
    ['is too far to be waited for', held, 98, false, 'entry-300'],
    ['is one of no entries', [], 0, false, 'new'],
  ])('that %s', (_, entries, newAfter, isAwaited, key) => {
    expect(isNewAwaited(entries, newAfter)).toBe(isAwaited);
    expect(newRowKey(entries, newAfter)).toBe(key);
  });

  it('is not waited for where there is none', () => {
    expect(isNewAwaited(held, null)).toBe(false);
  });
});
