/** The figures for supervisors in words, and as a table for other programs. */
import type { AnswerTimes } from '../api/generated/AnswerTimes';
import type { FigureSet } from '../api/generated/FigureSet';
import type { ServiceFigures } from '../api/generated/ServiceFigures';
import { m } from '../paraglide/messages';
import { getLocale } from '../paraglide/runtime';
import { csv } from './csv';
import { duration } from './time';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** What stands where there is nothing to tell. */
export const NOTHING = '–';

const locale = (): string => (getLocale() === 'ru' ? 'ru-RU' : 'en-GB');

/** A count, with its thousands apart. */
export function count(n: number): string {
  return new Intl.NumberFormat(locale()).format(n);
}

/** How long somebody waited: seconds too, as long as they matter. */
export function wait(ms: number | null): string {
  if (ms === null) return NOTHING;
  if (ms < MINUTE) return m.age_seconds({ n: Math.floor(ms / SECOND) });
  const seconds = Math.floor((ms % MINUTE) / SECOND);
  if (ms >= 10 * MINUTE || seconds === 0) return duration(ms);
  return m.figures_minutes_seconds({ m: Math.floor(ms / MINUTE), s: seconds });
}

/** Which part of the answers came in time. */
export function share({ n, n_within }: AnswerTimes): string {
  if (n === 0) return NOTHING;
  const percent = { style: 'percent', maximumFractionDigits: 0 } as const;
  // What is not all of it is not told as all of it.
  const part = n_within === n ? 1 : Math.min(0.99, n_within / n);
  return new Intl.NumberFormat(locale(), percent).format(part);
}

/** Nothing was counted at all. */
export function isEmpty({ n_messages, n_closed, first_answers, next_answers }: FigureSet): boolean {
  return n_messages === 0 && n_closed === 0 && first_answers.n === 0 && next_answers.n === 0;
}

/** A day such as `2026-11-02` at its noon by UTC, at which it is that day for every formatter here. */
function noon(day: string): number {
  return Date.parse(`${day}T12:00:00Z`);
}

/** A day in a table: with its weekday, which tells more than the date. */
export function dayName(day: string): string {
  return new Intl.DateTimeFormat(locale(), {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  }).format(noon(day));
}

/** A day below a chart. */
export function shortDay(day: string): string {
  return new Intl.DateTimeFormat(locale(), {
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  })
    .format(noon(day))
    .replace('.', '');
}

/** A period in words. */
export function periodName(from: string, to: string): string {
  const format = new Intl.DateTimeFormat(locale(), {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
  return from === to ? format.format(noon(from)) : format.formatRange(noon(from), noon(to));
}

/** An hour of the day in a table: "09:00–09:59". */
export function hourName(hour: number): string {
  const text = String(hour).padStart(2, '0');
  return `${text}:00–${text}:59`;
}

/** A date as date fields have it, by the clock of a zone; by UTC's where that is not known here. */
export function dayOf(at: number, zone: string): string {
  // Sweden writes days as computers do.
  const day = (timeZone: string): string =>
    new Intl.DateTimeFormat('sv-SE', { timeZone }).format(at);
  try {
    return day(zone);
  } catch {
    return day('UTC');
  }
}

/** The day that lies `days` behind `day`. */
export function dayAfter(day: string, days: number): string {
  return new Date(noon(day) + days * DAY).toISOString().slice(0, 10);
}

/** How many days the period has; none if it is no period. */
export function nDays(from: string, to: string): number | null {
  const n = Math.round((noon(to) - noon(from)) / DAY) + 1;
  return Number.isNaN(n) || n < 1 ? null : n;
}

/** All figures as one table: the whole, then days, hours and operators. Times are in seconds. */
export function figuresCsv(figures: ServiceFigures, nameOf: (id: string | null) => string): string {
  const within = m.figures_csv_within({ n: figures.within_s });
  const head = [
    m.figures_csv_part(),
    m.figures_csv_what(),
    m.figures_arrivals(),
    m.figures_csv_new(),
    m.figures_messages(),
    ...[m.figures_first(), m.figures_next()].flatMap((of) =>
      [
        m.figures_csv_n(),
        within,
        m.figures_csv_median(),
        m.figures_csv_p90(),
        m.figures_csv_mean(),
      ].map((what) => `${of}: ${what}`),
    ),
    m.figures_closed(),
  ];
  const seconds = (ms: number | null): number | null =>
    ms === null ? null : Math.round(ms / SECOND);
  const times = (of: AnswerTimes): (number | null)[] => [
    of.n,
    of.n_within,
    seconds(of.median_ms),
    seconds(of.p90_ms),
    seconds(of.mean_ms),
  ];
  const row = (part: string, what: string, set: FigureSet): (string | number | null)[] => [
    part,
    what,
    set.n_arrivals,
    set.n_new,
    set.n_messages,
    ...times(set.first_answers),
    ...times(set.next_answers),
    set.n_closed,
  ];
  return csv([
    head,
    row(m.figures_csv_total(), `${figures.from} – ${figures.to}`, figures.total),
    ...figures.by_day.map((of) => row(m.figures_csv_day(), of.day, of.figures)),
    ...figures.by_hour.map((set, hour) => row(m.figures_csv_hour(), hourName(hour), set)),
    ...figures.by_operator.map((of) =>
      row(m.figures_operator(), nameOf(of.operator_id), of.figures),
    ),
  ]);
}
