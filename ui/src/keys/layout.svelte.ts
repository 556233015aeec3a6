/**
 * What the keys write in the layout that is on, to name them by. The platform has no question for it
 * that all systems answer, so it is learned from what is typed; where a key has not been seen yet, the
 * usual layout of the same script stands in.
 */
import { type KeyPress, parseChord } from './chords';

type Script = 'latin' | 'cyrillic';

const CODES = [
  ...'QWERTYUIOP'.split('').map((letter) => `Key${letter}`),
  'BracketLeft',
  'BracketRight',
  ...'ASDFGHJKL'.split('').map((letter) => `Key${letter}`),
  'Semicolon',
  'Quote',
  ...'ZXCVBNM'.split('').map((letter) => `Key${letter}`),
  'Comma',
  'Period',
  'Slash',
  'Backquote',
  'Backslash',
];

function usual(letters: string): ReadonlyMap<string, string> {
  return new Map([...letters].map((letter, at) => [CODES[at] ?? '', letter]));
}

const USUAL: Record<Script, ReadonlyMap<string, string>> = {
  latin: usual("QWERTYUIOP[]ASDFGHJKL;'ZXCVBNM,./`\\"),
  cyrillic: usual('ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ.Ё\\'),
};

const NAMES: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  Delete: 'Del',
  Minus: '-',
  Equal: '=',
};

const LATIN = /^\p{Script=Latin}$/u;
const CYRILLIC = /^\p{Script=Cyrillic}$/u;

export class Layout {
  #script = $state<Script>('latin');
  #seen = $state.raw<Record<Script, ReadonlyMap<string, string>>>({
    latin: new Map(),
    cyrillic: new Map(),
  });

  /** Notes what a key writes. */
  learn({ code, key, ctrlKey, altKey, shiftKey, metaKey }: KeyPress, isMac: boolean): void {
    if (!CODES.includes(code) || [...key].length !== 1) return;
    // With Option and Cmd, macOS tells of other characters.
    if (isMac && (altKey || metaKey || ctrlKey)) return;
    const isCyrillic = CYRILLIC.test(key);
    const isLetter = isCyrillic || LATIN.test(key);
    // What is no letter says nothing of the script, and less with another key held.
    if (!isLetter && (shiftKey || ctrlKey || altKey)) return;
    if (isLetter) this.#script = isCyrillic ? 'cyrillic' : 'latin';
    const script = this.#script;
    const label = key.toLocaleUpperCase();
    if (this.#seen[script].get(code) === label) return;
    this.#seen = { ...this.#seen, [script]: new Map(this.#seen[script]).set(code, label) };
  }

  /** What stands on a key. A Cyrillic letter is followed by the Latin one: many look the same. */
  label(code: string): string {
    const letter = this.#letter(code, this.#script);
    if (letter === null) return NAMES[code] ?? code.replace(/^Digit/u, '');
    if (!CYRILLIC.test(letter)) return letter;
    return `${letter} (${this.#letter(code, 'latin') ?? code})`;
  }

  /** A chord as it is shown. */
  chord(text: string, isMac: boolean): string {
    const chord = parseChord(text);
    if (chord === null) return text;
    const { ctrl, alt, shift, code } = chord;
    const key = this.label(code);
    if (!isMac) return `${ctrl ? 'Ctrl+' : ''}${alt ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${key}`;
    const isLetter = CODES.includes(code) || code.startsWith('Digit');
    return `${ctrl ? '⌘' : ''}${alt ? (isLetter ? '⌃' : '⌥') : ''}${shift ? '⇧' : ''}${key}`;
  }

  #letter(code: string, script: Script): string | null {
    return this.#seen[script].get(code) ?? USUAL[script].get(code) ?? null;
  }
}
