/** How what is typed into the palette is compared with what it offers. */
import { otherLayout } from '../format/answers';
import { searchable } from '../format/search';

export interface Searched {
  /** What it is called, first as it is shown. */
  readonly texts: readonly string[];
}

/** From how many characters on they may stand apart in a text. */
const APART = 3;

/**
 * Those that are meant by `query`: every word of it must be found. First where words begin so, then
 * where they hold it, then where its letters stand in that order; within each as they came. Where
 * nothing is found it is looked for what the same keys write in the other layout, but not for letters
 * that stand apart: they would be found somewhere in the end.
 */
export function meantBy<T extends Searched>(all: readonly T[], query: string): T[] {
  const found = matching(all, searchable(query), 1);
  return found.length > 0 ? found : matching(all, searchable(otherLayout(query)), 2);
}

function matching<T extends Searched>(all: readonly T[], query: string, least: number): T[] {
  if (query === '') return [...all];
  const words = query.split(/\s+/u);
  return all
    .map((one) => ({ one, rank: rankOf(one.texts.map(searchable), query, words) }))
    .filter(({ rank }) => rank >= least)
    .sort((a, b) => b.rank - a.rank)
    .map(({ one }) => one);
}

function rankOf(texts: readonly string[], query: string, words: readonly string[]): number {
  let rank = 0;
  for (const text of texts) {
    const least = Math.min(...words.map((word) => wordRank(text, word)));
    if (least === 0) continue;
    rank = Math.max(rank, text.startsWith(query) ? 4 : least);
  }
  return rank;
}

function wordRank(text: string, word: string): 0 | 1 | 2 | 3 {
  if (text.split(/[^\p{L}\p{N}]+/u).some((part) => part.startsWith(word))) return 3;
  if (text.includes(word)) return 2;
  return word.length >= APART && standsApart(text, word) ? 1 : 0;
}

/** Whether the letters stand in the text in their order, the first at the beginning of a word. */
function standsApart(text: string, letters: string): boolean {
  const [first = '', ...rest] = letters;
  for (let begin = text.indexOf(first); begin !== -1; begin = text.indexOf(first, begin + 1)) {
    if (begin > 0 && /[\p{L}\p{N}]/u.test(text[begin - 1] ?? '')) continue;
    let at = begin;
    const isWhole = rest.every((letter) => {
      at = text.indexOf(letter, at + 1);
      return at !== -1;
    });
    if (isWhole) return true;
  }
  return false;
}
