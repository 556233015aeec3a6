/** Times of a day as they are written, and as they are kept: in minutes since midnight. */
import type { Interval } from '../api/generated/Interval';

const DAY = 24 * 60;

/** "09:05". The end of a day is "24:00". */
export function timeText(minute: number): string {
  const pad = (n: number): string => String(n).padStart(2, '0');
  return `${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`;
}

/** What somebody wrote as a time: "9", "9:05", "9.05", "905", "24:00"; none if it is none. */
export function parseTime(text: string): number | null {
  const match = /^\s*(\d{1,2})(?:[:.\s-]?(\d{2}))?\s*$/u.exec(text);
  if (match === null) return null;
  const [hours, minutes] = [Number(match[1]), Number(match[2] ?? 0)];
  const minute = hours * 60 + minutes;
  return minutes > 59 || minute > DAY ? null : minute;
}

/** Whether a time of work lasts into the next day. */
export function isOverMidnight({ from, until }: Interval): boolean {
  return until <= from;
}

/** A time of work that the backend takes. */
export function isInterval({ from, until }: Interval): boolean {
  return from < DAY && until <= DAY && from !== until;
}

/** Another time of work behind those of a day: after the last one, or what is usual. */
export function anotherInterval(day: readonly Interval[]): Interval {
  const last = day.at(-1);
  if (last === undefined || isOverMidnight(last) || last.until > DAY - 120) {
    return { from: 9 * 60, until: 18 * 60 };
  }
  return { from: last.until + 60, until: Math.min(last.until + 240, DAY) };
}

/** The names of the days of the week, Monday first. */
export function weekdays(language: 'ru' | 'en'): string[] {
  const name = new Intl.DateTimeFormat(language, { weekday: 'long', timeZone: 'UTC' });
  // The fifth of January 2026 is a Monday.
  return Array.from({ length: 7 }, (_, day) => {
    const text = name.format(new Date(Date.UTC(2026, 0, 5 + day)));
    return text.charAt(0).toUpperCase() + text.slice(1);
  });
}

/** What a clock in a time zone shows; none if there is no such zone. */
export function clockIn(zone: string, at: number, language: 'ru' | 'en'): string | null {
  try {
    const format = new Intl.DateTimeFormat(language, {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    return format.format(at);
  } catch {
    return null;
  }
}

/** All time zones that this machine knows; at least its own. */
export function timeZones(): string[] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const all =
    typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [];
  return all.includes(own) ? all : [own, ...all];
}

/** Words or numbers that were written with commas or line ends between them. */
export function listed(text: string): string[] {
  const parts = text.split(/[,;\n]/u).map((part) => part.trim());
  return [...new Set(parts.filter((part) => part !== ''))];
}
