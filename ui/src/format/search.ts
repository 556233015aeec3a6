/** How what is typed into a search field is compared with names and texts. */

/** `text` as it is compared: case does not count, ё is е, a hard space is a space. */
export function searchable(text: string): string {
  return text.trim().toLowerCase().replaceAll('ё', 'е').replaceAll('\u00A0', ' ');
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
