/** What the settings are searched for by: their words, in both languages. */
import { createContext } from 'svelte';

import { hasMatch, matchParts } from '../format/match';
import { LANGUAGES, type Language } from './settings.svelte';

/** A message that can be worded in either language. */
export type Wording = (inputs?: object, options?: { locale?: Language }) => string;

interface Searched {
  section: string;
  words: readonly Wording[];
}

export class SettingsSearch {
  query = $state('');
  #rows = $state.raw<readonly Searched[]>([]);

  readonly #wanted = $derived(this.query.split(/\s+/u).filter((word) => word !== ''));
  readonly isEmpty = $derived(
    this.#wanted.length > 0 && !this.#rows.some((row) => this.finds(row.words)),
  );

  /** A setting is there; until the answer is called. */
  add(row: Searched): () => void {
    this.#rows = [...this.#rows, row];
    return () => {
      this.#rows = this.#rows.filter((other) => other !== row);
    };
  }

  /** Whether these words are among what is searched for, or nothing is. */
  finds(words: readonly Wording[]): boolean {
    if (this.#wanted.length === 0) return true;
    // Whoever took the other language by mistake looks for its name in their own.
    const text = LANGUAGES.flatMap((locale) => words.map((word) => word({}, { locale }))).join(' ');
    return this.#wanted.every((word) => hasMatch(matchParts(text, word)));
  }

  /** Whether a section has a setting that is found. */
  findsIn(section: string): boolean {
    return this.#rows.some((row) => row.section === section && this.finds(row.words));
  }
}

/** Hands the search to the settings, and each its section. */
export const [settingsSearch, provideSettingsSearch] = createContext<SettingsSearch>();
export const [settingsSection, provideSettingsSection] = createContext<() => string>();
