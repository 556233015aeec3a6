/** "@Имя" in comments: where it stands, who is meant, what is being typed. */
import type { OperatorId } from '../api/generated/OperatorId';
import type { Inline } from './markup';

/** A colleague as mentions know them. */
export interface Named {
  id: OperatorId;
  name: string;
}

/** A stretch of a text that names somebody. */
interface Span {
  start: number;
  end: number;
  /** Who may be meant: colleagues of the same name are not told apart. */
  ids: OperatorId[];
}

/** Those of `mentioned` whose name still stands in the text. */
export function mentionsIn(text: string, mentioned: readonly Named[]): OperatorId[] {
  const found = new Set(spans(text, mentioned).flatMap(({ ids }) => ids));
  return mentioned.filter(({ id }) => found.has(id)).map(({ id }) => id);
}

/** A message with its mentions set apart. */
export function withMentions(
  pieces: readonly Inline[],
  mentioned: readonly Named[],
  me: OperatorId | null,
): Inline[] {
  return pieces.flatMap((piece): Inline[] => {
    if ('children' in piece) {
      return [{ ...piece, children: withMentions(piece.children, mentioned, me) }];
    }
    if (piece.kind !== 'text') return [piece];
    const parts: Inline[] = [];
    let at = 0;
    for (const { start, end, ids } of spans(piece.text, mentioned)) {
      if (start > at) parts.push({ kind: 'text', text: piece.text.slice(at, start) });
      const isMe = me !== null && ids.includes(me);
      parts.push({ kind: 'mention', text: piece.text.slice(start, end), isMe });
      at = end;
    }
    if (at < piece.text.length) parts.push({ kind: 'text', text: piece.text.slice(at) });
    return parts;
  });
}

/** What stands after an @ that is being typed, and where the @ is. */
export interface MentionQuery {
  at: number;
  query: string;
}

/** How long a name is looked for after an @. */
const LONGEST_QUERY = 60;

/**
 * The mention that is being typed before the caret; none if there is no @ at a word's start, or if
 * what follows it is a colleague who was chosen already.
 */
export function mentionQuery(
  text: string,
  caret: number,
  mentioned: readonly Named[],
): MentionQuery | null {
  const before = text.slice(Math.max(0, caret - LONGEST_QUERY - 1), caret);
  const at = before.lastIndexOf('@');
  if (at === -1 || isWord(before.charAt(at - 1))) return null;
  const query = before.slice(at + 1);
  if (query.includes('\n') || /^\s/u.test(query)) return null;
  // Whether it is over depends on what follows a name: here the caret does.
  const isChosen = mentioned.some(
    ({ name }) => query.startsWith(name) && query.length > name.length,
  );
  return isChosen ? null : { at: caret - before.length + at, query };
}

/** Where the text names one of `mentioned`; of several names that fit, the longest. */
function spans(text: string, mentioned: readonly Named[]): Span[] {
  const found: Span[] = [];
  for (let start = text.indexOf('@'); start !== -1; start = text.indexOf('@', start + 1)) {
    if (isWord(text.charAt(start - 1))) continue;
    const fits = mentioned.filter(
      ({ name }) =>
        name !== '' &&
        text.startsWith(name, start + 1) &&
        !isWord(text.charAt(start + 1 + name.length)),
    );
    const longest = Math.max(0, ...fits.map(({ name }) => name.length));
    const ids = fits.filter(({ name }) => name.length === longest).map(({ id }) => id);
    if (ids.length > 0) found.push({ start, end: start + 1 + longest, ids });
  }
  return found;
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}
