import { describe, expect, it } from 'vitest';

import { Layout } from './layout.svelte';

const none = { keyCode: 0, isComposing: false };
const held = { ctrlKey: false, altKey: false, shiftKey: false, metaKey: false };

function typed(layout: Layout, code: string, key: string, more = {}, isMac = false): void {
  layout.learn({ code, key, ...none, ...held, ...more }, isMac);
}

describe('the layout', () => {
  it('is Latin until something else is typed', () => {
    const layout = new Layout();
    expect(layout.chord('Ctrl+KeyK', false)).toBe('Ctrl+K');
    expect(layout.chord('Ctrl+Slash', false)).toBe('Ctrl+/');
    expect(layout.chord('Alt+ArrowUp', false)).toBe('Alt+↑');
    expect(layout.chord('Ctrl+Digit1', false)).toBe('Ctrl+1');
    expect(layout.chord('Shift+F8', false)).toBe('Shift+F8');
  });

  it('becomes Cyrillic with the first letter, and names both letters of a key', () => {
    const layout = new Layout();
    typed(layout, 'KeyA', 'ф');
    expect(layout.chord('Alt+KeyT', false)).toBe('Alt+Е (T)');
    expect(layout.chord('Alt+KeyE', false)).toBe('Alt+У (E)');
    expect(layout.chord('Ctrl+Comma', false)).toBe('Ctrl+Б (,)');
    expect(layout.chord('Ctrl+Slash', false)).toBe('Ctrl+.');
    typed(layout, 'KeyA', 'a');
    expect(layout.chord('Alt+KeyT', false)).toBe('Alt+T');
  });

  it('is what is seen where it differs from the usual one', () => {
    const layout = new Layout();
    typed(layout, 'KeyQ', 'a');
    expect(layout.chord('Alt+KeyQ', false)).toBe('Alt+A');
    typed(layout, 'KeyI', 'і');
    expect(layout.chord('Alt+KeyI', false)).toBe('Alt+І (I)');
    expect(layout.chord('Alt+KeyQ', false)).toBe('Alt+Й (A)');
  });

  it('is not learned from what another key changes', () => {
    const layout = new Layout();
    typed(layout, 'Slash', '?', { shiftKey: true });
    expect(layout.chord('Ctrl+Slash', false)).toBe('Ctrl+/');
    typed(layout, 'KeyL', '¬', { altKey: true }, true);
    typed(layout, 'KeyO', 'ø', { altKey: true }, true);
    expect(layout.chord('Ctrl+KeyO', true)).toBe('⌘O');
    typed(layout, 'Digit2', '"');
    typed(layout, 'KeyZ', 'Dead');
    expect(layout.chord('Ctrl+Digit2', false)).toBe('Ctrl+2');
    expect(layout.chord('Alt+KeyZ', false)).toBe('Alt+Z');
  });

  it('has the signs of macOS there', () => {
    const layout = new Layout();
    expect(layout.chord('Alt+KeyT', true)).toBe('⌃T');
    expect(layout.chord('Alt+ArrowDown', true)).toBe('⌥↓');
    expect(layout.chord('Shift+F8', true)).toBe('⇧F8');
  });
});
