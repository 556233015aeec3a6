import { describe, expect, it } from 'vitest';

import { keysOf, keysText } from './system-keys';

const event = (code: string, held: Partial<KeyboardEvent> = {}): KeyboardEvent =>
  ({ code, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...held }) as never;

describe('system-wide keys', () => {
  it('are known by the key, whatever it writes', () => {
    expect(keysOf(event('KeyP', { ctrlKey: true, shiftKey: true }))).toBe('Ctrl+Shift+KeyP');
    expect(keysOf(event('F9', { altKey: true, metaKey: true }))).toBe('Alt+Super+F9');
  });

  it('are none while only modifiers are held', () => {
    for (const code of ['ControlLeft', 'AltRight', 'ShiftLeft', 'MetaLeft', '']) {
      expect(keysOf(event(code, { ctrlKey: true }))).toBeNull();
    }
  });

  it('are read without the words for keys', () => {
    expect(keysText('Ctrl+Shift+KeyP')).toBe('Ctrl+Shift+P');
    expect(keysText('Super+Digit1')).toBe('Super+1');
    expect(keysText('Ctrl+F9')).toBe('Ctrl+F9');
  });
});
