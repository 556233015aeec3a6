import { describe, expect, it } from 'vitest';

import { chordOf, forbidden, isComposing, isSingle, type KeyPress, parseChord } from './chords';
import { boundChords } from './bindings';
import { Keys } from './keys.svelte';

function press(code: string, more: Partial<KeyPress> = {}): KeyPress {
  return {
    code,
    key: code,
    keyCode: 0,
    isComposing: false,
    ctrlKey: false,
    altKey: false,
    shiftKey: false,
    metaKey: false,
    ...more,
  };
}

/** What the key writes in some layouts. */
const WRITTEN = ['k', 'K', 'л', 'Л', 'κ', 'כ', 'ك', '¬', 'Dead', 'Unidentified', 'Process', ''];

const modifiersOf = (chord: string): Partial<KeyPress> => {
  const { ctrl, alt, shift } = parseChord(chord)!;
  return { ctrlKey: ctrl, altKey: alt, shiftKey: shift };
};

const settings = { ownKeys: {}, areSingleKeysOn: true };

describe('a chord', () => {
  it('is the same whatever the layout writes with the key', () => {
    for (const chord of boundChords({}).keys()) {
      const { code } = parseChord(chord)!;
      for (const key of WRITTEN) {
        expect(chordOf(press(code, { key, ...modifiersOf(chord) }), false), key).toBe(chord);
      }
    }
  });

  it('is none while characters are composed', () => {
    const keys = new Keys(settings, 'X11; Linux');
    for (const [chord, id] of boundChords({})) {
      const { code } = parseChord(chord)!;
      const plain = press(code, modifiersOf(chord));
      expect(keys.meant(plain, false)?.id).toBe(id);
      for (const composed of [{ isComposing: true }, { keyCode: 229 }]) {
        expect(keys.meant({ ...plain, ...composed }, false)).toBeNull();
        expect(isComposing({ ...plain, ...composed })).toBe(true);
      }
    }
    expect(keys.meant(press('Digit7', { key: '?', keyCode: 229 }), false)).toBeNull();
  });

  it('is none of what AltGr writes, however the system tells of it', () => {
    for (const chord of boundChords({}).keys()) {
      const { code } = parseChord(chord)!;
      expect(chordOf(press(code, { ctrlKey: true, altKey: true }), false)).toBeNull();
      const getModifierState = (name: string): boolean => name === 'AltGraph';
      expect(chordOf(press(code, { getModifierState, ...modifiersOf(chord) }), false)).toBeNull();
    }
  });

  it('is none while AltGr is held, where the system tells only of its going down and up', () => {
    const keys = new Keys(settings, 'X11; Linux');
    const j = press('KeyJ', { key: 'ĸ' });
    keys.learn(press('AltRight', { key: 'AltGraph' }));
    expect(keys.meant(j, false)).toBeNull();
    expect(keys.chordOf(j)).toBeNull();
    keys.release(press('KeyJ', { key: 'ĸ' }));
    expect(keys.meant(j, false)).toBeNull();
    keys.release(press('AltRight', { key: 'AltGraph' }));
    expect(keys.meant(j, false)?.id).toBe('next_chat');
    keys.learn(press('AltRight', { key: 'AltGraph' }));
    keys.releaseAll();
    expect(keys.meant(j, false)?.id).toBe('next_chat');
  });

  it('is none of a modifier alone, and of the key of the system', () => {
    for (const code of ['ControlLeft', 'AltRight', 'ShiftLeft', 'MetaLeft', 'CapsLock', '']) {
      expect(chordOf(press(code, { ctrlKey: true }), false)).toBeNull();
    }
    expect(chordOf(press('KeyK', { metaKey: true }), false)).toBeNull();
  });

  it('has Cmd in the place of Ctrl on macOS, and Control in that of Alt with a letter', () => {
    expect(chordOf(press('KeyK', { metaKey: true }), true)).toBe('Ctrl+KeyK');
    expect(chordOf(press('KeyT', { ctrlKey: true }), true)).toBe('Alt+KeyT');
    expect(chordOf(press('ArrowUp', { altKey: true }), true)).toBe('Alt+ArrowUp');
    // Option with a letter writes a character.
    expect(chordOf(press('KeyT', { altKey: true, key: '†' }), true)).toBeNull();
    expect(chordOf(press('ArrowUp', { ctrlKey: true }), true)).toBeNull();
  });

  it('is read only as it is written', () => {
    for (const text of ['Ctrl+Shift+KeyZ', 'Alt+F4', 'KeyJ', 'F8']) {
      expect(parseChord(text), text).not.toBeNull();
    }
    for (const text of [
      '',
      '+',
      'Ctrl',
      'Ctrl+',
      'Alt+Ctrl+KeyA',
      'ctrl+KeyA',
      'Ctrl+ControlLeft',
      'k',
    ]) {
      expect(parseChord(text), text).toBeNull();
    }
  });

  it('that belongs to the system, the layout or a field cannot be given', () => {
    expect(forbidden('Ctrl+Alt+KeyQ')).toBe('alt_gr');
    expect(forbidden('Alt+Shift+KeyQ')).toBe('layout');
    expect(forbidden('Ctrl+Shift+KeyQ')).toBe('layout');
    for (const chord of [
      'Ctrl+KeyC',
      'Ctrl+KeyV',
      'Enter',
      'Shift+Tab',
      'Space',
      'Ctrl+ArrowLeft',
    ]) {
      expect(forbidden(chord), chord).toBe('field');
    }
    for (const chord of ['Alt+F4', 'Alt+Tab', 'Alt+Space', 'Ctrl+Escape']) {
      expect(forbidden(chord), chord).toBe('system');
    }
    expect(forbidden('nonsense')).toBe('unknown');
    for (const chord of ['Ctrl+KeyK', 'Alt+Digit1', 'F8', 'Shift+F8', 'KeyJ', 'Shift+KeyU']) {
      expect(forbidden(chord), chord).toBeNull();
    }
  });

  it('of one character is a single one, with Shift or without', () => {
    for (const chord of ['KeyJ', 'Shift+Slash', 'Digit7']) expect(isSingle(chord)).toBe(true);
    for (const chord of ['Alt+KeyJ', 'Ctrl+Slash', 'F8', 'Shift+F8']) {
      expect(isSingle(chord)).toBe(false);
    }
  });
});

describe('a single character', () => {
  const keys = new Keys(settings, 'X11; Linux');

  it('is a key only where nothing is typed', () => {
    expect(keys.meant(press('KeyJ', { key: 'о' }), false)?.id).toBe('next_chat');
    expect(keys.meant(press('KeyJ', { key: 'о' }), true)).toBeNull();
    expect(keys.meant(press('Digit7', { key: '?', shiftKey: true }), false)?.id).toBe('shortcuts');
    expect(keys.meant(press('Digit7', { key: '?', shiftKey: true }), true)).toBeNull();
  });

  it('can be switched off, and is not shown then', () => {
    const off = new Keys({ ownKeys: {}, areSingleKeysOn: false }, 'X11; Linux');
    expect(off.meant(press('KeyJ', { key: 'j' }), false)).toBeNull();
    expect(off.meant(press('Slash', { key: '?', shiftKey: true }), false)).toBeNull();
    expect(off.meant(press('ArrowDown', { altKey: true }), false)?.id).toBe('next_chat');
    expect(keys.labels('shortcuts')).toEqual(['Ctrl+/', '?']);
    expect(off.labels('shortcuts')).toEqual(['Ctrl+/']);
    expect(off.labels('next_chat')).toEqual(['Alt+↓']);
    // What is typed into the text is no key.
    expect(off.labels('mention')).toEqual(['Alt+M', '@']);
  });
});
