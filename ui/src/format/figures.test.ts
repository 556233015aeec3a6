import { describe, expect, it } from 'vitest';

import type { FigureSet } from '../api/generated/FigureSet';
import type { ServiceFigures } from '../api/generated/ServiceFigures';
import { csv } from './csv';
import {
  count,
  dayAfter,
  dayOf,
  figuresCsv,
  hourName,
  isEmpty,
  nDays,
  periodName,
  share,
  shortDay,
  wait,
} from './figures';

const NONE = { n: 0, n_within: 0, median_ms: null, p90_ms: null, mean_ms: null };
const EMPTY: FigureSet = {
  n_messages: 0,
  n_arrivals: 0,
  n_new: 0,
  n_closed: 0,
  first_answers: NONE,
  next_answers: NONE,
};

/** A space that does not break is a space to who reads. */
const plain = (text: string): string => text.replaceAll(/\s/gu, ' ');

describe('a wait', () => {
  it.each([
    [null, '–'],
    [0, '0 с'],
    [59_999, '59 с'],
    [60_000, '1 мин'],
    [200_000, '3 мин 20 с'],
    [600_000, '10 мин'],
    [625_000, '10 мин'],
    [2 * 3_600_000 + 300_000, '2 ч 5 мин'],
    [49 * 3_600_000, '2 дня'],
  ])('of %s ms is told as %s', (ms, text) => {
    expect(wait(ms)).toBe(text);
  });
});

describe('a share', () => {
  it('is told in whole percents, and as all only if it is all', () => {
    expect(plain(share({ ...NONE, n: 8, n_within: 7 }))).toBe('88 %');
    expect(plain(share({ ...NONE, n: 1000, n_within: 999 }))).toBe('99 %');
    expect(plain(share({ ...NONE, n: 1000, n_within: 1000 }))).toBe('100 %');
    expect(share(NONE)).toBe('–');
  });
});

describe('days', () => {
  it('are counted by the calendar', () => {
    expect(dayAfter('2026-02-27', 2)).toBe('2026-03-01');
    expect(dayAfter('2026-01-01', -1)).toBe('2025-12-31');
    expect(nDays('2026-03-28', '2026-03-30')).toBe(3);
    expect(nDays('2026-03-28', '2026-03-27')).toBeNull();
    expect(nDays('2026-03-28', '')).toBeNull();
  });

  it('are those of this computer', () => {
    expect(dayOf(Date.UTC(2026, 10, 1, 21, 0), 'Europe/Moscow')).toBe('2026-11-02');
    expect(dayOf(Date.UTC(2026, 10, 2, 20, 59), 'Europe/Moscow')).toBe('2026-11-02');
    expect(dayOf(Date.UTC(2026, 10, 2, 20, 59), 'Asia/Vladivostok')).toBe('2026-11-03');
    // One that this machine does not know yet.
    expect(dayOf(Date.UTC(2026, 10, 2, 20, 59), 'Europe/Atlantis')).toBe('2026-11-02');
  });

  it('have names', () => {
    expect(shortDay('2026-11-02')).toBe('2 нояб');
    expect(periodName('2026-11-02', '2026-11-02')).toContain('2 ноября 2026');
    expect(plain(periodName('2026-11-02', '2026-11-08'))).toMatch(/2.8 ноября 2026/u);
    expect(hourName(9)).toBe('09:00–09:59');
  });
});

describe('a count', () => {
  it('has its thousands apart', () => {
    expect(plain(count(1_234_567))).toBe('1 234 567');
  });
});

describe('a set of figures', () => {
  it('is empty only if there is nothing at all in it', () => {
    expect(isEmpty(EMPTY)).toBe(true);
    expect(isEmpty({ ...EMPTY, n_closed: 1 })).toBe(false);
    expect(isEmpty({ ...EMPTY, next_answers: { ...NONE, n: 1 } })).toBe(false);
  });
});

describe('a table for other programs', () => {
  it('keeps what is in its cells in its cells', () => {
    expect(
      csv([
        ['a;b', 'в "кавычках"', 3, null],
        ['=1+1', '-5', -5, 'две\nстроки'],
      ]),
    ).toBe('\uFEFF"a;b";"в ""кавычках""";3;\r\n' + `'=1+1;'-5;-5;"две\nстроки"\r\n`);
  });

  it('has the whole, the days, the hours and the people, times in seconds', () => {
    const set: FigureSet = {
      ...EMPTY,
      n_arrivals: 2,
      n_closed: 1,
      first_answers: { n: 2, n_within: 1, median_ms: 61_400, p90_ms: 600_000, mean_ms: 330_700 },
    };
    const figures: ServiceFigures = {
      from: '2026-11-02',
      to: '2026-11-02',
      zone: 'Europe/Moscow',
      within_s: 300,
      total: set,
      by_day: [{ day: '2026-11-02', figures: set }],
      by_hour: Array.from({ length: 24 }, () => EMPTY),
      by_operator: [
        { operator_id: null, figures: EMPTY },
        { operator_id: 'op-anna', figures: set },
      ],
    };
    const lines = figuresCsv(figures, (id) => id ?? 'Без сотрудника').split('\r\n');
    expect(lines).toHaveLength(1 + 1 + 1 + 24 + 2 + 1);
    const widths = new Set(lines.slice(0, -1).map((line) => line.split(';').length));
    expect(widths).toEqual(new Set([16]));
    expect(lines[1]).toBe('Всего;2026-11-02 – 2026-11-02;2;0;0;2;1;61;600;331;0;0;;;;1');
    expect(lines.at(-2)).toMatch(/^Сотрудник;op-anna;2;/u);
  });
});
