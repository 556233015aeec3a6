/** System-wide keys as the shell knows them, "Ctrl+Shift+KeyP": by the key, not by what it writes. */

const MODIFIERS = /^(?:Control|Alt|Shift|Meta|OS|CapsLock|NumLock|Fn|AltGraph)/u;

/** The keys that are held; none while only modifiers are. */
export function keysOf(
  event: Pick<KeyboardEvent, 'code' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'>,
): string | null {
  const { code } = event;
  if (code === '' || MODIFIERS.test(code)) return null;
  const held = [
    event.ctrlKey && 'Ctrl',
    event.altKey && 'Alt',
    event.shiftKey && 'Shift',
    event.metaKey && 'Super',
    code,
  ];
  return held.filter((one) => one !== false).join('+');
}

/** The same as one reads it: "Ctrl+Shift+P". */
export function keysText(keys: string): string {
  return keys
    .split('+')
    .map((one) => one.replace(/^(?:Key|Digit)(?=.$)/u, ''))
    .join('+');
}
