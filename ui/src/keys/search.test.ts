import { describe, expect, it } from 'vitest';

import { meantBy } from './search';

const all = [
  'Передать чат',
  'Завершить диалог',
  'Завершить и открыть следующий',
  'Готовый ответ',
  'Пётр Чайкин',
];
const items = all.map((title) => ({ title, texts: [title] }));
const titles = (query: string): string[] => meantBy(items, query).map(({ title }) => title);

describe('the palette finds', () => {
  it('everything in its order before something is typed', () => {
    expect(titles('')).toEqual(all);
    expect(titles('  ')).toEqual(all);
  });

  it('by the beginnings of words, in any order of them', () => {
    expect(titles('заверш')).toEqual(['Завершить диалог', 'Завершить и открыть следующий']);
    expect(titles('след зав')).toEqual(['Завершить и открыть следующий']);
    expect(titles('чай')).toEqual(['Пётр Чайкин']);
  });

  it('ё by е, whatever the case', () => {
    expect(titles('ПЕТР')).toEqual(['Пётр Чайкин']);
    expect(titles('пётр')).toEqual(['Пётр Чайкин']);
  });

  it('what begins so before what holds it, and that before letters that stand apart', () => {
    expect(titles('ответ')[0]).toBe('Готовый ответ');
    expect(titles('дат')).toEqual(['Передать чат']);
    expect(titles('прдч')).toEqual(['Передать чат']);
    expect(titles('пч')).toEqual([]);
  });

  it('what was typed in the other layout', () => {
    expect(titles('gthtlfnm')).toEqual(['Передать чат']);
    // Only whole: its letters apart are found in anything.
    expect(titles('ghlx')).toEqual([]);
  });

  it('nothing where nothing is meant', () => {
    expect(titles('zzz')).toEqual([]);
    expect(titles('передать кита')).toEqual([]);
  });
});
