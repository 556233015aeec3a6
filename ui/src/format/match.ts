/** Which parts of what was found were searched for, so that they can be marked. */
import { phoneNumber } from './people';
import { folded } from './search';

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
  const wanted = (query.match(WORDS) ?? []).map(folded);
  for (const { 0: word, index } of text.matchAll(WORDS)) {
    const compared = folded(word);
    if (forms.includes(compared)) marks.fill(true, index, index + word.length);
    for (const beginning of wanted) {
      if (compared.startsWith(beginning)) {
        marks.fill(true, index, index + lengthOf(beginning, word));
      }
    }
  }
  return marks;
}

/** How much of `word` is the folded `beginning`: some letters are written as two signs. */
function lengthOf(beginning: string, word: string): number {
  let [length, nCompared] = [0, 0];
  for (const [letter] of word.matchAll(LETTERS)) {
    if (nCompared >= beginning.length) break;
    length += letter.length;
    nCompared += folded(letter).length;
  }
  return length;
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

/** Words, and the letters of one with the marks that belong to them. */
const WORDS = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
const LETTERS = /[\p{L}\p{N}]\p{M}*/gu;
