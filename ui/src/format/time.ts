/**
 * Times as people read them: relative up to an hour, then the clock, then the date.
 *
 * Every function takes the present moment; nothing here reads a clock.
 */
import type { Timestamp } from '../api/generated/Timestamp';
import type { WaitingSteps } from '../api/generated/WaitingSteps';
import { m } from '../paraglide/messages';
import { getLocale } from '../paraglide/runtime';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long WhatsApp takes free replies after the client's last message. */
const REPLY_WINDOW = 24 * HOUR;
/** When the end of the reply window is near enough to be told. */
const REPLY_WINDOW_NEAR = 2 * HOUR;

/** How long somebody waits, in steps that have a colour each. */
export type WaitingAge = 'fresh' | 'plain' | 'warn' | 'bad';

/** The step that a wait of `ms` has reached, of those that the company has set. */
export function waitingAge(ms: number, steps: WaitingSteps): WaitingAge {
  if (ms < steps.plain_minutes * MINUTE) return 'fresh';
  if (ms < steps.warn_minutes * MINUTE) return 'plain';
  if (ms < steps.bad_minutes * MINUTE) return 'warn';
  return 'bad';
}

/** A length of time in at most two units: "меньше минуты", "3 мин", "2 ч 5 мин", "4 дня". */
export function duration(ms: number): string {
  if (ms < MINUTE) return m.age_under_minute();
  if (ms < HOUR) return m.age_minutes({ n: Math.floor(ms / MINUTE) });
  if (ms < DAY) {
    const h = Math.floor(ms / HOUR);
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    return minutes === 0 ? m.age_hours({ h }) : m.age_hours_minutes({ h, m: minutes });
  }
  const days = Math.floor(ms / DAY);
  return m.age_days({ count: days, n: days });
}

/** A wait in the room that a row of a list has: one unit. */
export function shortDuration(ms: number): string {
  if (ms < MINUTE) return m.age_minutes({ n: '<1' });
  if (ms < HOUR) return m.age_minutes({ n: Math.floor(ms / MINUTE) });
  if (ms < DAY) return m.age_hours({ h: Math.floor(ms / HOUR) });
  const days = Math.floor(ms / DAY);
  return m.age_days({ count: days, n: days });
}

/** What is left until something may be tried again: seconds below a minute. */
export function remaining(ms: number): string {
  return ms < MINUTE ? m.age_seconds({ n: Math.max(1, Math.ceil(ms / SECOND)) }) : duration(ms);
}

/** Hours and minutes on the clock. */
export function clock(at: Timestamp): string {
  return formatter('clock', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

/** A moment in a list: relative up to an hour, then the clock of today, then the date. */
export function moment(at: Timestamp, now: Timestamp): string {
  const ago = now - at;
  if (ago < MINUTE) return m.now();
  if (ago < HOUR) return m.age_minutes({ n: Math.floor(ago / MINUTE) });
  if (isSameDay(at, now)) return clock(at);
  return shortDate(at, now);
}

/** Date and clock in full, for tooltips. */
export function fullMoment(at: Timestamp): string {
  return formatter('full', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

/** What the chip above a day's messages says. */
export function dayTitle(at: Timestamp, now: Timestamp): string {
  if (isSameDay(at, now)) return m.today();
  if (isSameDay(at, startOfDay(now) - 1)) return m.yesterday();
  return isSameYear(at, now)
    ? formatter('day', { weekday: 'long', day: 'numeric', month: 'long' }).format(at)
    : formatter('day-year', { day: 'numeric', month: 'long', year: 'numeric' }).format(at);
}

/** A date within a sentence: "сегодня", "вчера", "12 марта", and the year of another year. */
export function dateInWords(at: Timestamp, now: Timestamp): string {
  if (isSameDay(at, now)) return m.today().toLowerCase();
  if (isSameDay(at, startOfDay(now) - 1)) return m.yesterday().toLowerCase();
  return isSameYear(at, now)
    ? formatter('day-month', { day: 'numeric', month: 'long' }).format(at)
    : formatter('day-year', { day: 'numeric', month: 'long', year: 'numeric' }).format(at);
}

/** A moment after "since": the clock of today, else the date, and the year of another year. */
export function clockOrDate(at: Timestamp, now: Timestamp): string {
  if (isSameDay(at, now)) return clock(at);
  return isSameYear(at, now)
    ? formatter('day-month', { day: 'numeric', month: 'long' }).format(at)
    : formatter('day-year', { day: 'numeric', month: 'long', year: 'numeric' }).format(at);
}

/** A local day. */
export interface Day {
  key: string;
  from: Timestamp;
  /** The first moment of the next. */
  until: Timestamp;
}

/** The local day of `at`. */
export function dayOf(at: Timestamp): Day {
  const date = new Date(at);
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  const from = new Date(year, month, day).getTime();
  return { key: dayKey(at), from, until: new Date(year, month, day + 1).getTime() };
}

/** A name for the local day of `at`; equal for equal days. */
export function dayKey(at: Timestamp): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** What is to be said about WhatsApp's 24-hour window; none while its end is far. */
export function replyWindow(
  clientWroteAt: Timestamp | null,
  now: Timestamp,
): { is: 'near'; leftMs: number } | { is: 'over' } | null {
  if (clientWroteAt === null) return null;
  const leftMs = clientWroteAt + REPLY_WINDOW - now;
  if (leftMs <= 0) return { is: 'over' };
  return leftMs < REPLY_WINDOW_NEAR ? { is: 'near', leftMs } : null;
}

function shortDate(at: Timestamp, now: Timestamp): string {
  return isSameYear(at, now)
    ? formatter('date', { day: 'numeric', month: 'short' }).format(at).replace('.', '')
    : formatter('date-year', { day: '2-digit', month: '2-digit', year: '2-digit' }).format(at);
}

function startOfDay(at: Timestamp): Timestamp {
  return new Date(at).setHours(0, 0, 0, 0);
}

function isSameDay(a: Timestamp, b: Timestamp): boolean {
  return startOfDay(a) === startOfDay(b);
}

function isSameYear(a: Timestamp, b: Timestamp): boolean {
  return new Date(a).getFullYear() === new Date(b).getFullYear();
}

// Building a formatter costs far more than using one, and lists use them by the thousand.
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const locale = getLocale() === 'ru' ? 'ru-RU' : 'en-GB';
  const key = `${locale} ${name}`;
  let made = formatters.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat(locale, options);
    formatters.set(key, made);
  }
  return made;
}
