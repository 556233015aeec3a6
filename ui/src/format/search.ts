/** How what is typed into a search field is compared with names and texts. */

/** `text` as it is compared: case does not count, ё is е, a hard space is a space. */
export function searchable(text: string): string {
  return text.trim().toLowerCase().replaceAll('ё', 'е').replaceAll('\u00A0', ' ');
}

/** Whether every word of `query` stands somewhere in `name`. */
export function nameMatches(name: string, query: string): boolean {
  const searched = searchable(name);
  return searchable(query)
    .split(/\s+/u)
    .every((word) => searched.includes(word));
}
