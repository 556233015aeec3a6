import { describe, expect, it } from 'vitest';

import { foundByName } from './search';

const named = (...names: string[]): { name: string }[] => names.map((name) => ({ name }));

describe('a search by name', () => {
  const all = named('Вера Выдуманная', 'Анна Образцова', 'Пётр Мамин-Сибиряк');

  it.each([
    ['', ['Вера Выдуманная', 'Анна Образцова', 'Пётр Мамин-Сибиряк']],
    ['анна', ['Анна Образцова', 'Вера Выдуманная']],
    ['обр анн', ['Анна Образцова']],
    ['разц', ['Анна Образцова']],
    ['ПЕТР', ['Пётр Мамин-Сибиряк']],
    ['сиб', ['Пётр Мамин-Сибиряк']],
    ['никто', []],
  ])('for "%s" puts first whose name begins so', (query, names) => {
    expect(foundByName(all, query)).toEqual(named(...names));
  });
});
