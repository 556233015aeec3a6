/** Which parts of what was found were searched for, so that they can be marked. */
import { phoneNumber } from './people';

/** A stretch of a text. */
export interface Part {
  text: string;
  isMatch: boolean;
}

/** How many characters are shown before the first match of a line. */
const BEFORE_MATCH = 14;

/**
 * The beginnings of words that `query` asks for, and whole words that are one of `forms`; case does not
 * count, and ё is е.
 */
export function matchParts(text: string, query: string, forms: readonly string[] = []): Part[] {
  return parts(text, marksOf(text, query, forms));
}

/** The same for one line of a longer text: it begins shortly before the first match. */
export function lineParts(text: string, query: string, forms: readonly string[] = []): Part[] {
  const marks = marksOf(text, query, forms);
  const first = marks.indexOf(true);
  if (first <= BEFORE_MATCH) return parts(text, marks);
  // Not within a word, unless it is one that never ends.
  const space = text.indexOf(' ', first - BEFORE_MATCH);
  const from = space === -1 || space >= first ? first : space + 1;
  return [{ text: '…', isMatch: false }, ...parts(text.slice(from), marks.slice(from))];
}

/** A number as it is shown, with the fragments of it that `query` asks for. */
export function phoneParts(digits: string, query: string): Part[] {
  const marks = new Array<boolean>(digits.length).fill(false);
  for (const wanted of numbersIn(query)) {
    const at = digits.indexOf(wanted);
    if (at !== -1) marks.fill(true, at, at + wanted.length);
  }
  const shown = phoneNumber(digits);
  let index = -1;
  // What stands between two digits that match is marked with them.
  const shownMarks = [...shown].map((character, at) => {
    if (/\d/u.test(character)) return marks[++index] === true;
    return at > 0 && index >= 0 && marks[index] === true && marks[index + 1] === true;
  });
  return parts(shown, shownMarks);
}

/** Whether some of it is a match. */
export function hasMatch(found: readonly Part[]): boolean {
  return found.some((part) => part.isMatch);
}

function marksOf(text: string, query: string, forms: readonly string[]): boolean[] {
  const marks = new Array<boolean>(text.length).fill(false);
  const wanted: string[] = folded(query).match(WORDS) ?? [];
  for (const word of folded(text).matchAll(WORDS)) {
    if (forms.includes(word[0])) marks.fill(true, word.index, word.index + word[0].length);
    for (const beginning of wanted) {
      if (word[0].startsWith(beginning)) {
        marks.fill(true, word.index, word.index + beginning.length);
      }
    }
  }
  return marks;
}

/** Numbers as they may be typed: with a plus, brackets and hyphens. */
function numbersIn(query: string): string[] {
  return query
    .split(/\s+/u)
    .filter((word) => /\d/u.test(word) && !/\p{L}/u.test(word))
    .map((word) => word.replace(/\D/gu, ''));
}

function parts(text: string, marks: readonly boolean[]): Part[] {
  const made: Part[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const isMatch = marks[index] === true;
    const last = made.at(-1);
    if (last?.isMatch === isMatch) last.text += text.charAt(index);
    else made.push({ text: text.charAt(index), isMatch });
  }
  return made;
}

const WORDS = /[\p{L}\p{N}]+/gu;

/** As long as `text`, so that places in the one are places in the other. */
function folded(text: string): string {
  return text.replace(/./gsu, (character) => {
    const lower = character.toLowerCase();
    if (lower === 'ё') return 'е';
    return lower.length === character.length ? lower : character;
  });
}
