import { describe, expect, it } from 'vitest';

import {
  anotherInterval,
  clockIn,
  isInterval,
  isOverMidnight,
  listed,
  parseTime,
  timeText,
  timeZones,
  weekdays,
} from './hours';

describe('a time', () => {
  it.each([
    ['9', 540],
    ['9:05', 545],
    ['09.05', 545],
    [' 905 ', 545],
    ['1830', 1110],
    ['0:00', 0],
    ['24:00', 1440],
  ])('%s is read', (text, minute) => {
    expect(parseTime(text)).toBe(minute);
  });

  it.each(['', 'x', '9:60', '25', '24:01', '9:5', '-1', '1:2:3'])('%s is none', (text) => {
    expect(parseTime(text)).toBeNull();
  });

  it('is written so that it reads back', () => {
    for (let minute = 0; minute <= 1440; minute += 1) {
      expect(parseTime(timeText(minute))).toBe(minute);
    }
  });
});

it('an interval has two ends, of which the second may lie on the next day', () => {
  expect(isInterval({ from: 540, until: 540 })).toBe(false);
  expect(isInterval({ from: 1440, until: 540 })).toBe(false);
  expect(isInterval({ from: 1200, until: 240 })).toBe(true);
  expect(isOverMidnight({ from: 1200, until: 240 })).toBe(true);
  expect(isOverMidnight({ from: 540, until: 1440 })).toBe(false);
});

it('another interval is one, whatever is there', () => {
  for (const day of [
    [],
    [{ from: 540, until: 720 }],
    [{ from: 1200, until: 240 }],
    [{ from: 0, until: 1380 }],
  ]) {
    expect(isInterval(anotherInterval(day))).toBe(true);
  }
  expect(anotherInterval([{ from: 540, until: 780 }])).toEqual({ from: 840, until: 1020 });
});

it('weeks begin with Monday', () => {
  expect(weekdays('ru').map((day) => day.slice(0, 2))).toEqual([
    'По',
    'Вт',
    'Ср',
    'Че',
    'Пя',
    'Су',
    'Во',
  ]);
  expect(weekdays('en')[6]).toBe('Sunday');
});

it('a clock elsewhere is read, and none where there is none', () => {
  const at = Date.UTC(2026, 11, 2, 9, 5);
  expect(clockIn('Europe/Moscow', at, 'ru')).toContain('12:05');
  expect(clockIn('Europe/Atlantis', at, 'ru')).toBeNull();
  const evening = Date.UTC(2026, 11, 2, 21, 5);
  for (const language of ['ru', 'en'] as const) {
    expect(clockIn('Europe/Berlin', evening, language)).toMatch(/ 22:05$/u);
    expect(clockIn('Europe/Moscow', evening, language)).toMatch(/ 00:05$/u);
  }
  expect(timeZones()).toContain(Intl.DateTimeFormat().resolvedOptions().timeZone);
});

it('what is listed has commas, semicolons or lines between it', () => {
  expect(listed(' счёт, акт;\nсверка ,, акт')).toEqual(['счёт', 'акт', 'сверка']);
  expect(listed(' ,;\n')).toEqual([]);
});
