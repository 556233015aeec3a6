import { describe, expect, it } from 'vitest';

import { parseMarkup } from './markup';
import { mentionQuery, mentionsIn, withMentions } from './mentions';

const IVAN = { id: 'ivan', name: 'Иван' };
const PETROV = { id: 'petrov', name: 'Иван Петров' };
const MARIA = { id: 'maria', name: 'Мария' };
const ALL = [IVAN, PETROV, MARIA];

describe('mentions in a text', () => {
  it.each<[string, string[]]>([
    ['@Иван посмотри', ['ivan']],
    ['спроси у @Мария, она знает', ['maria']],
    ['@Иван Петров, @Мария', ['petrov', 'maria']],
    ['Иван и Мария', []],
    ['@Иванов', []],
    ['a@Иван', []],
    ['(@Иван)', ['ivan']],
    ['@@Мария', ['maria']],
    ['', []],
  ])('%s', (text, ids) => {
    expect(mentionsIn(text, ALL)).toEqual(ids);
  });

  it('are told apart by nothing when names are the same: both are meant', () => {
    expect(mentionsIn('@Иван', [IVAN, { id: 'other', name: 'Иван' }])).toEqual(['ivan', 'other']);
  });

  it('are pieces of their own, mine marked, inside styles too', () => {
    const pieces = withMentions(parseMarkup('*@Иван* и @Мария!'), ALL, 'maria');
    expect(pieces).toEqual([
      { kind: 'bold', children: [{ kind: 'mention', text: '@Иван', isMe: false }] },
      { kind: 'text', text: ' и ' },
      { kind: 'mention', text: '@Мария', isMe: true },
      { kind: 'text', text: '!' },
    ]);
  });
});

describe('what is typed after an @', () => {
  const query = (text: string, mentioned = ALL.slice(0, 0)): string | null =>
    mentionQuery(text, text.length, mentioned)?.query ?? null;

  it.each<[string, string | null]>([
    ['@', ''],
    ['@мар', 'мар'],
    ['Привет, @ива', 'ива'],
    ['(@ива', 'ива'],
    ['@иван петр', 'иван петр'],
    ['почта a@b', null],
    ['@ ', null],
    ['@мар\n', null],
    ['без', null],
  ])('%s', (text, looked) => {
    expect(query(text)).toBe(looked);
  });

  it('is nothing once somebody was chosen', () => {
    expect(query('@Иван ', [IVAN])).toBeNull();
    expect(query('@Иван посмотри', [IVAN])).toBeNull();
    expect(query('@Иван', [IVAN])).toBe('Иван');
    expect(query('@Иван @м', [IVAN])).toBe('м');
  });

  it('knows where its @ stands', () => {
    expect(mentionQuery('Спроси @м и потом', 9, [])).toEqual({ at: 7, query: 'м' });
  });
});
