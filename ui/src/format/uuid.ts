/** Ids that are made here: UUIDv7, which sort by the time of their making. */
export function newId(now = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const time = now.toString(16).padStart(12, '0');
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const variant = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const tail = variant.toString(16) + hex.slice(18, 20);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(13, 16)}-${tail}-${hex.slice(20)}`;
}
