/** Days as date fields have them. */
import type { Timestamp } from '../api/generated/Timestamp';

/** The beginning of a day of a date field, or of one that lies `days` later, by this computer. */
export function dayBegin(value: string, days = 0): Timestamp | null {
  const day = /^(\d{4})-(\d{2})-(\d{2})$/u.exec(value);
  if (day === null) return null;
  return new Date(Number(day[1]), Number(day[2]) - 1, Number(day[3]) + days).getTime();
}
