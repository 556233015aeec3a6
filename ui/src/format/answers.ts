/** Ready answers: how one is asked for while writing, and which are meant. */
import type { ReadyAnswerId } from '../api/generated/ReadyAnswerId';
import type { ReadyAnswerRow } from '../api/generated/ReadyAnswerRow';
import { searchable } from './search';

/** What stands after a `/` that is being typed, and where the `/` is. */
export interface SlashQuery {
  at: number;
  query: string;
}

/** How long is looked for after a `/`: what is longer is a text that happens to begin so. */
const LONGEST_QUERY = 60;

/** The ready answer that is being asked for before the caret: a `/` at a line's start. */
export function slashQuery(text: string, caret: number): SlashQuery | null {
  const at = text.lastIndexOf('\n', caret - 1) + 1;
  const line = text.slice(at, caret);
  if (!line.startsWith('/') || line.length > LONGEST_QUERY + 1) return null;
  const query = line.slice(1);
  // A space right behind it, or another slash, and it was meant to stand there.
  return /^[\s/]/u.test(query) ? null : { at, query };
}

/** A ready answer as it is searched. */
export interface SearchedAnswer {
  row: ReadyAnswerRow;
  shortcut: string;
  /** Title and group. */
  title: string;
  text: string;
}

/** Makes answers ready to be searched, once for all keystrokes. */
export function searchedAnswers(rows: readonly ReadyAnswerRow[]): SearchedAnswer[] {
  return rows.map((row) => ({
    row,
    shortcut: searchable(row.shortcut),
    title: searchable(`${row.title} ${row.group}`),
    text: searchable(row.text),
  }));
}

/**
 * Those in which every word of `query` stands, in whatever order: first whose shortcut is what was
 * typed, then whose begins so, then those that have the words in shortcut or title, then those that
 * have them in the text alone. Within each they stay in the order in which they came. Where nothing
 * is found it is looked for what the same keys write in the other layout.
 */
export function foundAnswers(all: readonly SearchedAnswer[], query: string): ReadyAnswerRow[] {
  const found = matching(all, searchable(query));
  return found.length > 0 ? found : matching(all, searchable(otherLayout(query)));
}

function matching(all: readonly SearchedAnswer[], query: string): ReadyAnswerRow[] {
  if (query === '') return all.map(({ row }) => row);
  const words = query.split(/\s+/u);
  const ranks: ReadyAnswerRow[][] = [[], [], [], []];
  for (const { row, shortcut, title, text } of all) {
    let rank = 3;
    if (shortcut === query) rank = 0;
    else if (shortcut.startsWith(query)) rank = 1;
    else if (words.every((word) => shortcut.includes(word) || title.includes(word))) rank = 2;
    else if (
      !words.every((word) => shortcut.includes(word) || title.includes(word) || text.includes(word))
    ) {
      continue;
    }
    ranks[rank]?.push(row);
  }
  return ranks.flat();
}

const LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.";
const CYRILLIC = 'ёйцукенгшщзхъфывапролджэячсмитьбю';

/** What the same keys write in the other of the two layouts. */
export function otherLayout(text: string): string {
  const isCyrillic = /\p{Script=Cyrillic}/u.test(text);
  const [from, to] = isCyrillic ? [CYRILLIC, LATIN] : [LATIN, CYRILLIC];
  return [...text.toLowerCase()].map((letter) => to[from.indexOf(letter)] ?? letter).join('');
}

/** How often and when an answer was used here. */
export interface Use {
  n: number;
  at: number;
}

/** Answers in the order in which they are offered: used last first, the others by shortcut. */
export function inOrderOfUse(
  rows: readonly ReadyAnswerRow[],
  uses: ReadonlyMap<ReadyAnswerId, Use>,
): ReadyAnswerRow[] {
  return [...rows].sort(
    (a, b) =>
      (uses.get(b.id)?.at ?? 0) - (uses.get(a.id)?.at ?? 0) ||
      a.shortcut.localeCompare(b.shortcut) ||
      Number(a.owner_id === null) - Number(b.owner_id === null),
  );
}
