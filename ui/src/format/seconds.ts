/** Lengths of time that are chosen from a list, in seconds. */
import { m } from '../paraglide/messages';

/** What is offered: the usual ones, and what is set, whoever has set it. */
export function lengths(usual: readonly number[], set: number | null): number[] {
  return [...new Set(set === null ? usual : [...usual, set])].sort((a, b) => a - b);
}

/** A length in words. */
export function lengthText(seconds: number): string {
  return seconds % 60 === 0
    ? m.notify_minutes({ n: seconds / 60 })
    : m.notify_seconds({ n: seconds });
}
