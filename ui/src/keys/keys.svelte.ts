/** The keyboard of this window: what is bound, what keys are called, and which command a press means. */
import { boundChords, keysOf, type OwnKeys } from './bindings';
import { chordOf, isComposing, isSingle, type KeyPress } from './chords';
import { Layout } from './layout.svelte';
import { type Command, command, type CommandId, COMMANDS } from './table';

/** What an operator has set of the keyboard. */
export interface KeySettings {
  ownKeys: OwnKeys;
  /** Whether single characters are keys where nothing is typed. */
  areSingleKeysOn: boolean;
}

export class Keys {
  readonly layout = new Layout();
  readonly isMac: boolean;
  readonly #settings: KeySettings;
  readonly #bound = $derived.by(() => boundChords(this.#settings.ownKeys));

  constructor(settings: KeySettings, platform = navigator.userAgent) {
    this.#settings = settings;
    this.isMac = /Macintosh|Mac OS X/u.test(platform);
  }

  /**
   * Whether AltGr is held. WebKitGTK tells neither with Ctrl and Alt nor as a state that another
   * character is written with it, so it is followed as it goes down and up.
   */
  #isAltGraph = false;

  /** The command that a press means, and the chord that it is. */
  meant(press: KeyPress, isTyping: boolean): Command | null {
    if (this.#isAltGraph) return null;
    const chord = chordOf(press, this.isMac);
    const mayBeSingle = !isTyping && this.#settings.areSingleKeysOn;
    const id = chord === null ? undefined : this.#bound.get(chord);
    if (chord !== null && id !== undefined && (mayBeSingle || !isSingle(chord))) return command(id);
    if (!mayBeSingle || isComposing(press)) return null;
    if (press.ctrlKey || press.altKey || press.metaKey) return null;
    return COMMANDS.find(({ where, typed }) => where === 'window' && typed === press.key) ?? null;
  }

  /** The chord of a press. */
  chordOf(press: KeyPress): string | null {
    return this.#isAltGraph ? null : chordOf(press, this.isMac);
  }

  /** Notes what a key writes. */
  learn(press: KeyPress): void {
    if (press.key === 'AltGraph') this.#isAltGraph = true;
    else if (!isComposing(press) && !this.#isAltGraph) this.layout.learn(press, this.isMac);
  }

  /** Notes that a key was let go. */
  release(press: Pick<KeyPress, 'key'>): void {
    if (press.key === 'AltGraph') this.#isAltGraph = false;
  }

  /** Nothing is known of keys that are let go elsewhere. */
  releaseAll(): void {
    this.#isAltGraph = false;
  }

  /** The keys of a command as they are shown; what is switched off is not. */
  labels(id: CommandId): string[] {
    const own = command(id);
    const labels = keysOf(this.#settings.ownKeys, id)
      .filter((chord) => this.#settings.areSingleKeysOn || own?.isFixed || !isSingle(chord))
      .map((chord) => this.label(chord));
    const typed = own?.typed ?? null;
    if (typed === null || (own?.where === 'window' && !this.#settings.areSingleKeysOn))
      return labels;
    return [...labels, typed];
  }

  /** The first of them; nothing if there are none. */
  hint(id: CommandId): string | undefined {
    return this.labels(id)[0];
  }

  /** `text` with the first of the command's keys behind it, for what is shown where it is pointed at. */
  titled(text: string, id: CommandId): string {
    const hint = this.hint(id);
    return hint === undefined ? text : `${text} (${hint})`;
  }

  label(chord: string): string {
    return this.layout.chord(chord, this.isMac);
  }
}
