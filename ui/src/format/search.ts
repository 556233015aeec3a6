/** How what is typed into a search field is compared with names and texts. */

/** `text` as it is compared: what `folded` says, and a hard space is a space. */
export function searchable(text: string): string {
  return folded(text.trim()).replaceAll('\u00A0', ' ');
}

/**
 * `text` as the panel's search compares it too: case does not count, and ё is е. A letter that is
 * written as two signs is the letter; marks that belong to none, such as a stress, do not count.
 */
export function folded(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFC')
    .replace(/(?!\p{Alphabetic})\p{M}/gu, '')
    .replaceAll('ё', 'е');
}

/**
 * Those in whose name every word of `query` stands somewhere; first those whose words begin so, which
 * is how one types a name: "анна" is Анна before she is Выдуманная.
 */
export function foundByName<T extends { name: string }>(all: readonly T[], query: string): T[] {
  const words = searchable(query).split(/\s+/u);
  const begin: T[] = [];
  const hold: T[] = [];
  for (const one of all) {
    const name = searchable(one.name);
    if (!words.every((word) => name.includes(word))) continue;
    const parts = name.split(/[\s-]+/u);
    const isBegun = words.every((word) => parts.some((part) => part.startsWith(word)));
    (isBegun ? begin : hold).push(one);
  }
  return [...begin, ...hold];
}
