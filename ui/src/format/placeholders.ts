/**
 * What stands for a name in a ready answer: `{client}` and `{operator}`, in Russian `{клиент}` and
 * `{сотрудник}`.
 *
 * Where a name is not known, the address to it falls away together with what joined it to the
 * sentence: "Здравствуйте, {клиент}!" is "Здравствуйте!" then, and "{client}, good morning" is "Good
 * morning". What was written around other words cannot be mended so; whoever inserts it sees it
 * first.
 */

/** The names that placeholders stand for; none that is not known. */
export interface Names {
  client: string | null;
  operator: string | null;
}

/** Whom a placeholder stands for. */
export type Placeholder = keyof Names;

/** How a placeholder is written in a language. */
export function written(placeholder: Placeholder, language: 'ru' | 'en'): string {
  return `{${WRITTEN[language][placeholder]}}`;
}

const WRITTEN: Record<'ru' | 'en', Record<Placeholder, string>> = {
  ru: { client: 'клиент', operator: 'сотрудник' },
  en: { client: 'client', operator: 'operator' },
};

/** A text without placeholders, and for which of them there was no name. */
export interface Filled {
  text: string;
  missing: Placeholder[];
}

const WORDS: Record<string, Placeholder> = {
  client: 'client',
  клиент: 'client',
  operator: 'operator',
  сотрудник: 'operator',
  оператор: 'operator',
};

const PATTERN = new RegExp(`\\{[ \\t]*(${Object.keys(WORDS).join('|')})[ \\t]*\\}`, 'giu');

/** What ends a sentence or a part of it, so that a comma before it would stand alone. */
const ENDS = /^[ \t]*(?:[.!?…,;:)»]|\n|$)/u;

/** The text with names in the place of its placeholders. */
export function fill(template: string, names: Names): Filled {
  let text = '';
  let rest = template;
  const missing = new Set<Placeholder>();
  for (const match of template.matchAll(PATTERN)) {
    const placeholder = WORDS[match[1]?.toLowerCase() ?? ''];
    if (placeholder === undefined) continue;
    // What is left of the template begins with what stands before this placeholder.
    const at = rest.length - (template.length - match.index);
    text += rest.slice(0, at);
    rest = rest.slice(at + match[0].length);
    const name = names[placeholder]?.replace(/\s+/gu, ' ').trim() ?? '';
    if (name === '') {
      missing.add(placeholder);
      [text, rest] = joined(text, rest);
    } else {
      text += name;
    }
  }
  return { text: text + rest, missing: [...missing] };
}

/** What stood before and behind a name that is not there, so that it reads as one. */
function joined(before: string, behind: string): [string, string] {
  if (/(?:^|\n|[.!?…][ \t]+)[ \t]*$/u.test(before)) {
    // The address began the sentence: what comes after it does now.
    const rest = behind.replace(/^[ \t]*[,!?:;.…]*[ \t]*/u, '');
    return [before, capitalised(rest)];
  }
  const comma = /[ \t]*,[ \t]*$/u.exec(before);
  if (comma !== null) {
    return ENDS.test(behind)
      ? [before.slice(0, comma.index), behind.replace(/^[ \t]+/u, '')]
      : [before, behind.replace(/^[ \t]+/u, '')];
  }
  if (ENDS.test(behind)) return [before.replace(/[ \t]+$/u, ''), behind.replace(/^[ \t]+/u, '')];
  return [before, /[ \t]$/u.test(before) ? behind.replace(/^[ \t]+/u, '') : behind];
}

function capitalised(text: string): string {
  return text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}
