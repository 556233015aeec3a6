import { afterEach, describe, expect, it } from 'vitest';

import { overwriteGetLocale } from '../paraglide/runtime';
import {
  clock,
  dateInWords,
  dayTitle,
  duration,
  moment,
  remaining,
  replyWindow,
  shortDuration,
  waitingAge,
} from './time';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOON = new Date(2026, 4, 20, 12, 0, 0).getTime();

afterEach(() => {
  overwriteGetLocale(() => 'ru');
});

describe('waiting', () => {
  it.each([
    [0, 'fresh'],
    [MINUTE - 1, 'fresh'],
    [MINUTE, 'plain'],
    [5 * MINUTE - 1, 'plain'],
    [5 * MINUTE, 'warn'],
    [15 * MINUTE - 1, 'warn'],
    [15 * MINUTE, 'bad'],
  ] as const)('ages at 1, 5 and 15 minutes: %i ms is %s', (ms, age) => {
    const steps = { plain_minutes: 1, warn_minutes: 5, bad_minutes: 15 };
    expect(waitingAge(ms, steps)).toBe(age);
  });

  it.each([
    [30 * SECOND, 'меньше минуты', '<1 мин'],
    [MINUTE, '1 мин', '1 мин'],
    [59 * MINUTE, '59 мин', '59 мин'],
    [2 * HOUR, '2 ч', '2 ч'],
    [2 * HOUR + 5 * MINUTE, '2 ч 5 мин', '2 ч'],
    [DAY, '1 день', '1 день'],
    [3 * DAY, '3 дня', '3 дня'],
    [11 * DAY, '11 дней', '11 дней'],
  ])('of %i ms reads %s', (ms, long, short) => {
    expect(duration(ms)).toBe(long);
    expect(shortDuration(ms)).toBe(short);
  });

  it('counts seconds only for what may be tried again', () => {
    expect(remaining(4200)).toBe('5 с');
    expect(remaining(0)).toBe('1 с');
    expect(remaining(90 * SECOND)).toBe('1 мин');
  });
});

describe('a moment in a list', () => {
  it.each([
    [10 * SECOND, 'сейчас'],
    [12 * MINUTE, '12 мин'],
    [59 * MINUTE, '59 мин'],
    [2 * HOUR, '10:00'],
    [13 * HOUR, '19 мая'],
    [500 * DAY, '05.01.25'],
  ])('%i ms ago reads %s', (ago, words) => {
    expect(moment(NOON - ago, NOON)).toBe(words);
  });

  it('that lies ahead, by clocks that disagree, is now', () => {
    expect(moment(NOON + 5 * MINUTE, NOON)).toBe('сейчас');
  });

  it('follows the language', () => {
    overwriteGetLocale(() => 'en');
    expect(moment(NOON - 2 * HOUR, NOON)).toBe('10:00');
    expect(moment(NOON - 2 * DAY, NOON)).toBe('18 May');
    expect(duration(DAY)).toBe('1 day');
    expect(duration(2 * DAY)).toBe('2 days');
  });
});

describe('a day chip', () => {
  it('says today, yesterday, the weekday, and the year of another year', () => {
    expect(dayTitle(NOON, NOON)).toBe('Сегодня');
    expect(dayTitle(NOON - DAY, NOON)).toBe('Вчера');
    expect(dayTitle(NOON - 2 * DAY, NOON)).toBe('понедельник, 18 мая');
    expect(dayTitle(NOON - 365 * DAY, NOON)).toBe('20 мая 2025 г.');
  });
});

describe('a date within a sentence', () => {
  it('says today, yesterday, day and month, and the year of another year', () => {
    expect(dateInWords(NOON, NOON)).toBe('сегодня');
    expect(dateInWords(NOON - DAY, NOON)).toBe('вчера');
    expect(dateInWords(NOON - 2 * DAY, NOON)).toBe('18 мая');
    expect(dateInWords(NOON - 365 * DAY, NOON)).toBe('20 мая 2025 г.');
    overwriteGetLocale(() => 'en');
    expect(dateInWords(NOON - 2 * DAY, NOON)).toBe('18 May');
  });
});

describe('the clock', () => {
  it('has no midnight at 24', () => {
    expect(clock(new Date(2026, 0, 1, 0, 5).getTime())).toBe('00:05');
  });
});

describe('the reply window', () => {
  it('is told when its end is nearer than two hours, and when it is over', () => {
    expect(replyWindow(null, NOON)).toBeNull();
    expect(replyWindow(NOON - 21 * HOUR, NOON)).toBeNull();
    expect(replyWindow(NOON - 23 * HOUR, NOON)).toEqual({ is: 'near', leftMs: HOUR });
    expect(replyWindow(NOON - 24 * HOUR, NOON)).toEqual({ is: 'over' });
  });
});
