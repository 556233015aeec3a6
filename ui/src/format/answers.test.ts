import { describe, expect, it } from 'vitest';

import type { ReadyAnswerRow } from '../api/generated/ReadyAnswerRow';
import { foundAnswers, inOrderOfUse, otherLayout, searchedAnswers, slashQuery } from './answers';

function row(shortcut: string, text: string, title = '', group = ''): ReadyAnswerRow {
  return { id: shortcut, owner_id: null, shortcut, title, group, text };
}

const ROWS = [
  row('адрес', 'Мы на Примерной улице, 1', 'Где мы', 'Магазин'),
  row('счёт', 'Вышлю счёт на оплату', 'Оплата по счёту'),
  row('привет', 'Здравствуйте, {клиент}! Чем помочь?', 'Начало'),
  row('привет-вечер', 'Добрый вечер!'),
  row('cash', 'Оплата наличными при получении'),
];

function found(query: string): string[] {
  return foundAnswers(searchedAnswers(ROWS), query).map(({ shortcut }) => shortcut);
}

describe('what asks for a ready answer', () => {
  it.each([
    ['/', 1, { at: 0, query: '' }],
    ['/при', 4, { at: 0, query: 'при' }],
    ['/при вет', 8, { at: 0, query: 'при вет' }],
    ['Добрый день\n/ад', 15, { at: 12, query: 'ад' }],
    ['/привет и дальше', 4, { at: 0, query: 'при' }],
  ])('%j at %i', (text, caret, query) => {
    expect(slashQuery(text, caret)).toEqual(query);
  });

  it.each([
    ['', 0],
    ['или/или', 7],
    [' /при', 5],
    ['// комментарий', 14],
    ['/ при', 5],
    ['/при\nвет', 8],
    [`/${'а'.repeat(61)}`, 62],
    ['/при', 0],
  ])('%j at %i does not', (text, caret) => {
    expect(slashQuery(text, caret)).toBeNull();
  });
});

describe('which answers are meant', () => {
  it('shortcuts come before titles, and those before texts', () => {
    expect(found('привет')).toEqual(['привет', 'привет-вечер']);
    expect(found('оплата')).toEqual(['счёт', 'cash']);
    expect(found('при')).toEqual(['привет', 'привет-вечер', 'адрес', 'cash']);
  });

  it('words stand in any order, in any part, without case and dots', () => {
    expect(found('СЧЕТУ оплата')).toEqual(['счёт']);
    expect(found('улице магазин')).toEqual(['адрес']);
    expect(found('улице наличными')).toEqual([]);
  });

  it('what was typed in the other layout is found too', () => {
    expect(found('ghbdtn')).toEqual(['привет', 'привет-вечер']);
    expect(found('сфыр')).toEqual(['cash']);
  });

  it('nothing typed means all', () => {
    expect(found(' ')).toHaveLength(ROWS.length);
  });

  it('a path is none of them', () => {
    expect(found('start')).toEqual([]);
    expect(found('etc/passwd')).toEqual([]);
  });
});

describe('the other layout', () => {
  it('goes there and back', () => {
    expect(otherLayout('Ghbdtn/1')).toBe('привет/1');
    expect(otherLayout(otherLayout('съешь ещё этих мягких булок'))).toBe(
      'съешь ещё этих мягких булок',
    );
  });
});

describe('the order in which they are offered', () => {
  it('is that of use, then of shortcuts, own ones before the company’s', () => {
    const own = { ...row('адрес', 'Мой'), id: 'own', owner_id: 'anna' };
    const uses = new Map([
      ['cash', { n: 1, at: 5 }],
      ['счёт', { n: 9, at: 3 }],
    ]);
    expect(inOrderOfUse([...ROWS, own], uses).map(({ id }) => id)).toEqual([
      'cash',
      'счёт',
      'own',
      'адрес',
      'привет',
      'привет-вечер',
    ]);
  });
});

describe('two thousand of them', () => {
  it('are all looked through', () => {
    const rows = Array.from({ length: 2000 }, (_, n) => row(`ответ${n}`, `Текст номер ${n}`));
    const searched = searchedAnswers(rows);
    expect(foundAnswers(searched, 'номер 1999').map((found) => found.shortcut)).toEqual([
      'ответ1999',
    ]);
    expect(foundAnswers(searched, 'нет такого')).toEqual([]);
  });
});
