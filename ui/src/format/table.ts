/** Files of programs for tables: what is read of them, and how much. */

/** Largest table that is taken, in bytes. */
export const MAX_TABLE_BYTES = 8 * 1024 * 1024;

/**
 * The text of a table in whatever encoding such programs write: UTF-8 or UTF-16 with a mark, UTF-8
 * without one, and what Excel writes in Russia when it is asked for plain CSV.
 */
export function decodeTable(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1251').decode(bytes);
  }
}
