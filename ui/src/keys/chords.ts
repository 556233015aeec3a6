/**
 * Chords: modifiers and one physical key, as `Ctrl+KeyK`. What matters is the key and not what the
 * layout writes with it, for half of the day that is Cyrillic.
 *
 * On macOS Ctrl is Cmd. Option with a letter writes a character there, so that Alt with a letter is
 * Control with it.
 */

/** What is asked of a keyboard event. */
export type KeyPress = Pick<
  KeyboardEvent,
  'code' | 'key' | 'keyCode' | 'isComposing' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'
> & { getModifierState?: (name: string) => boolean };

export interface Chord {
  ctrl: boolean;
  alt: boolean;
  shift: boolean;
  code: string;
}

/** Codes of keys that write a character. */
const WRITES =
  /^(?:Key[A-Z]|Digit\d|Numpad(?:\d|Add|Subtract|Multiply|Divide|Decimal|Comma|Equal)|Backquote|Minus|Equal|BracketLeft|BracketRight|Backslash|Semicolon|Quote|Comma|Period|Slash|Intl\w+|Space)$/u;
const MODIFIER =
  /^(?:Control|Alt|Shift|Meta|OS)(?:Left|Right)$|^(?:Ctrl|Alt|Shift|CapsLock|NumLock|Fn|FnLock)$/u;
const CODE = /^[A-Z][A-Za-z]*\d{0,2}$/u;

/** Whether this key press belongs to the composition of a character. */
export function isComposing(press: Pick<KeyboardEvent, 'isComposing' | 'keyCode'>): boolean {
  // WebKit says of the Enter that ends a composition that nothing is composed any more, but gives it
  // the code for that.
  return press.isComposing || press.keyCode === 229;
}

/** The chord that was pressed; none for a modifier alone and for what writes a character by AltGr. */
export function chordOf(press: KeyPress, isMac: boolean): string | null {
  if (isComposing(press) || !CODE.test(press.code) || MODIFIER.test(press.code)) return null;
  if (press.getModifierState?.('AltGraph') === true) return null;
  const { code, shiftKey: shift } = press;
  if (isMac) {
    const isOption = press.altKey && writes(code);
    if (isOption || (press.ctrlKey && !writes(code))) return null;
    return chordText({ ctrl: press.metaKey, alt: press.altKey || press.ctrlKey, shift, code });
  }
  // The key of the system's own is the system's. Ctrl with Alt is how AltGr looks on Windows.
  if (press.metaKey || (press.ctrlKey && press.altKey)) return null;
  return chordText({ ctrl: press.ctrlKey, alt: press.altKey, shift, code });
}

function chordText({ ctrl, alt, shift, code }: Chord): string {
  return `${ctrl ? 'Ctrl+' : ''}${alt ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${code}`;
}

/** Reads a chord; nothing if it is none, or is not written as `chordText` writes it. */
export function parseChord(text: string): Chord | null {
  const parts = text.split('+');
  const code = parts.pop() ?? '';
  const chord = {
    ctrl: parts.includes('Ctrl'),
    alt: parts.includes('Alt'),
    shift: parts.includes('Shift'),
    code,
  };
  if (!CODE.test(code) || MODIFIER.test(code)) return null;
  return chordText(chord) === text ? chord : null;
}

/** Whether the key writes a character. */
function writes(code: string): boolean {
  return WRITES.test(code);
}

/** Whether it is a single character: it works where nothing is typed, and can be switched off. */
export function isSingle(chord: string): boolean {
  const parsed = parseChord(chord);
  return parsed !== null && !parsed.ctrl && !parsed.alt && writes(parsed.code);
}

/** Why a chord cannot be given to a command. */
export type Forbidden =
  /** Ctrl+Alt is AltGr. */
  | 'alt_gr'
  /** Alt+Shift and Ctrl+Shift change the layout. */
  | 'layout'
  /** Fields, lists and dialogs need it. */
  | 'field'
  /** The system needs it. */
  | 'system'
  /** It is no chord. */
  | 'unknown';

const MOVES =
  /^(?:Arrow\w+|Home|End|PageUp|PageDown|Enter|NumpadEnter|Tab|Escape|Backspace|Delete|Insert|Space)$/u;
const EDITS = /^Key[ACVXYZ]$/u;

/** Why this chord cannot be given to a command; nothing if it can. */
export function forbidden(chord: string): Forbidden | null {
  const parsed = parseChord(chord);
  if (parsed === null) return 'unknown';
  const { ctrl, alt, shift, code } = parsed;
  if (ctrl && alt) return 'alt_gr';
  if ((ctrl || alt) && shift) return 'layout';
  if (alt && /^(?:F4|Tab|Escape|Space|Enter|PrintScreen)$/u.test(code)) return 'system';
  if (ctrl && /^(?:Escape|Tab)$/u.test(code)) return 'system';
  if (shift && code === 'F10') return 'system';
  if (/^(?:F10|F12|PrintScreen|ScrollLock|Pause|ContextMenu|Power|Sleep|WakeUp)$/u.test(code)) {
    return 'system';
  }
  if (ctrl && (EDITS.test(code) || MOVES.test(code))) return 'field';
  if (!ctrl && !alt && MOVES.test(code)) return 'field';
  // Alt with these moves by words in a field of macOS, and deletes them elsewhere.
  if (alt && /^(?:ArrowLeft|ArrowRight|Backspace|Delete)$/u.test(code)) return 'field';
  return null;
}
