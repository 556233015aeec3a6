/**
 * Tables as text that spreadsheets open: with the mark by which they know UTF-8, and with the
 * separator that they expect in the language.
 */
import { getLocale } from '../paraglide/runtime';

/** What a spreadsheet would take for a formula that is to be computed. */
const FORMULA = /^[=+\-@\t\r]/u;

/** The table, a line for each row. */
export function csv(rows: readonly (readonly (string | number | null)[])[]): string {
  const separator = getLocale() === 'ru' ? ';' : ',';
  const cell = (value: string | number | null): string => {
    if (value === null) return '';
    if (typeof value === 'number') return String(value);
    const text = FORMULA.test(value) ? `'${value}` : value;
    return /[";,\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `\uFEFF${rows.map((row) => `${row.map(cell).join(separator)}\r\n`).join('')}`;
}
