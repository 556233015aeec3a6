/**
 * WhatsApp's own markup and links, as a tree that components turn into elements.
 *
 * What clients send is never handled as HTML: the tree holds plain text only, so nothing that is
 * written can become markup of the page. Anything that is not well-formed stays as it was typed.
 */

/** A piece of a message. */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'bold' | 'italic' | 'strike'; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'mention'; text: string; isMe: boolean }
  | { kind: 'link'; href: string; text: string; host: string };

const STYLES: Record<string, 'bold' | 'italic' | 'strike'> = {
  '*': 'bold',
  _: 'italic',
  '~': 'strike',
};

/** Only these open, outside; the shell checks the same again. */
const LINK = /(?:https?:\/\/|mailto:|tel:)[^\s<>"«»`]+/giu;
const FENCE = '```';

/** Reads a message. */
export function parseMarkup(text: string): Inline[] {
  const pieces: Inline[] = [];
  let rest = text;
  for (;;) {
    const open = rest.indexOf(FENCE);
    const close = open === -1 ? -1 : rest.indexOf(FENCE, open + FENCE.length);
    const code = close === -1 ? '' : rest.slice(open + FENCE.length, close);
    if (code.trim() === '') {
      pieces.push(...parseLinks(rest));
      return pieces;
    }
    pieces.push(...parseLinks(rest.slice(0, open)), {
      kind: 'code',
      text: code.replace(/^\n/u, '').replace(/\n$/u, ''),
    });
    rest = rest.slice(close + FENCE.length);
  }
}

/** What a message says without its markup, for a line in a list. */
export function plainText(text: string): string {
  const plain = (piece: Inline): string =>
    'children' in piece ? piece.children.map(plain).join('') : piece.text;
  return parseMarkup(text).map(plain).join('');
}

/** Links come before styles: an underscore in an address is no italic. */
function parseLinks(text: string): Inline[] {
  const links: Extract<Inline, { kind: 'link' }>[] = [];
  const marked = text.replace(LINK, (found: string, offset: number) => {
    if (/[\p{L}\p{N}]/u.test(text.charAt(offset - 1))) return found;
    const href = trimLink(found);
    const host = linkHost(href);
    if (host === null) return found;
    links.push({ kind: 'link', href, text: href, host });
    return LINK_MARK + found.slice(href.length);
  });
  // The mark is a character that no message needs; a text that holds it has no links.
  if (text.includes(LINK_MARK)) return parseStyles(text, []);
  return parseStyles(marked, links);
}

const LINK_MARK = '\uFFFC';

/** What follows a link in a sentence is not part of it. */
function trimLink(found: string): string {
  let link = found.replace(/[.,;:!?…'*_~]+$/u, '');
  while (link.endsWith(')') && count(link, ')') > count(link, '(')) {
    link = link.slice(0, -1).replace(/[.,;:!?…]+$/u, '');
  }
  return link;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** Where a link leads, in the words that are shown before it is opened; none if it is no link. */
function linkHost(href: string): string | null {
  try {
    const url = new URL(href);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url.host || null;
    return url.pathname === '' ? null : url.pathname;
  } catch {
    return null;
  }
}

function parseStyles(text: string, links: Extract<Inline, { kind: 'link' }>[]): Inline[] {
  const pieces: Inline[] = [];
  let plain = '';
  const flush = (): void => {
    if (plain !== '') pieces.push({ kind: 'text', text: plain });
    plain = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const link = character === LINK_MARK ? links.shift() : undefined;
    const style = STYLES[character];
    const end = style === undefined ? -1 : styleEnd(text, at);
    if (link !== undefined) {
      flush();
      pieces.push(link);
    } else if (style !== undefined && end !== -1) {
      flush();
      pieces.push({ kind: style, children: parseStyles(text.slice(at + 1, end), links) });
      at = end;
    } else {
      plain += character;
    }
  }
  flush();
  return pieces;
}

/**
 * Where the style that begins at `start` ends; -1 if nothing begins there. As in WhatsApp a mark
 * stands at the edge of a word, hugs what it marks and does not reach over a line's end.
 */
function styleEnd(text: string, start: number): number {
  const mark = text.charAt(start);
  if (isWord(text.charAt(start - 1)) || isBlank(text.charAt(start + 1))) return -1;
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\n') return -1;
    if (character !== mark) continue;
    if (at > start + 1 && !isBlank(text.charAt(at - 1)) && !isWord(text.charAt(at + 1))) return at;
  }
  return -1;
}

function isBlank(character: string): boolean {
  return character === '' || /\s/u.test(character);
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}
