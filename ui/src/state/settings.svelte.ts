/** What each operator sets for this window; kept on this computer, never at the backend. */
import type { DeviceDefaults } from '../api/generated/DeviceDefaults';
import type { ChatsOrder } from '../api/generated/ChatsOrder';
import type { OperatorId } from '../api/generated/OperatorId';
import type { Status } from '../api/generated/Status';
import { type OwnKeys, ownKeys } from '../keys/bindings';
import { command, type CommandId } from '../keys/table';
import { overwriteGetLocale } from '../paraglide/runtime';

export const LANGUAGES = ['ru', 'en'] as const;
export const THEMES = ['system', 'light', 'dark'] as const;
export const TEXT_SIZES = ['small', 'normal', 'large', 'huge', 'vast', 'double'] as const;

export type Language = (typeof LANGUAGES)[number];
export type Theme = (typeof THEMES)[number];
export type TextSize = (typeof TEXT_SIZES)[number];

export const VOLUME = { min: 0, max: 100, usual: 70 };
export const LIST_WIDTH = { min: 240, max: 420, usual: 300 };

const KEY = 'pult.settings';

/** How many commands are remembered as used last. */
const RECENT_COMMANDS = 8;

/** How large the text is, of the usual size. */
const SCALES: Record<TextSize, number> = {
  small: 0.9375,
  normal: 1,
  large: 1.125,
  huge: 1.3125,
  vast: 1.625,
  double: 2,
};

export class Settings {
  language = $state<Language>('ru');
  theme = $state<Theme>('system');
  textSize = $state<TextSize>('normal');
  /** Whether notifications may be heard, and how loud, of a hundred. */
  areSoundsOn = $state(true);
  volume = $state(VOLUME.usual);
  listWidth = $state(LIST_WIDTH.usual);
  isCardOpen = $state(false);
  /** Names of the groups that are folded. */
  folded = $state<string[]>([]);
  /** Whether the notice about the missing key store has been taken note of. */
  isKeyStoreNoticeSeen = $state(false);
  /** The tab of the supervisor's view and the section of the management that were open last. */
  supervisionTab = $state('');
  section = $state('');
  /** The keys that are not the usual ones. */
  ownKeys = $state.raw<OwnKeys>({});
  /** Whether single characters are keys where nothing is typed. */
  areSingleKeysOn = $state(true);
  /** What was done from the palette, the last first. */
  recentCommands = $state.raw<readonly CommandId[]>([]);

  /** Whether nothing was chosen on this device yet: then it begins with what the company has set. */
  #isNew = $state(false);
  readonly #begunWith: Language;
  /** How the supervisor's list of chats is narrowed. */
  oversight = $state.raw<OversightFilters>(NO_OVERSIGHT_FILTERS);

  #systemIsDark = $state(false);
  /** Where this window keeps what is its own; none where that is forbidden. */
  readonly storage: Storage | null;

  /** Reads what is kept in `storage`; without one, or with nothing in it, the defaults hold. */
  constructor(storage: Storage | null, systemLanguage = 'ru') {
    this.storage = storage;
    this.language = systemLanguage.startsWith('ru') ? 'ru' : 'en';
    const kept = read(storage);
    this.#isNew = kept['language'] === undefined;
    this.#begunWith = this.language;
    this.language = oneOf(LANGUAGES, kept['language']) ?? this.language;
    this.theme = oneOf(THEMES, kept['theme']) ?? this.theme;
    this.textSize = oneOf(TEXT_SIZES, kept['textSize']) ?? this.textSize;
    if (typeof kept['listWidth'] === 'number') this.setListWidth(kept['listWidth']);
    this.areSoundsOn = kept['areSoundsOn'] !== false;
    if (typeof kept['volume'] === 'number') this.setVolume(kept['volume']);
    this.isCardOpen = kept['isCardOpen'] === true;
    this.isKeyStoreNoticeSeen = kept['isKeyStoreNoticeSeen'] === true;
    if (typeof kept['supervisionTab'] === 'string') this.supervisionTab = kept['supervisionTab'];
    this.oversight = oversightFilters(kept['oversight']);
    if (typeof kept['section'] === 'string') this.section = kept['section'];
    this.ownKeys = ownKeys(kept['ownKeys']);
    this.areSingleKeysOn = kept['areSingleKeysOn'] !== false;
    if (Array.isArray(kept['recentCommands'])) {
      this.recentCommands = kept['recentCommands']
        .map((id) => command(String(id))?.id)
        .filter((id) => id !== undefined)
        .slice(0, RECENT_COMMANDS);
    }
    if (Array.isArray(kept['folded'])) {
      this.folded = kept['folded'].filter((name): name is string => typeof name === 'string');
    }
    // Messages ask for the language when they are worded, so a change re-words what is shown.
    overwriteGetLocale(() => this.language);
  }

  /** Begins with what the company has set; once, on a new device, and only where nothing was chosen. */
  adopt(defaults: Pick<DeviceDefaults, 'language' | 'text_size'>): void {
    if (!this.#isNew) return;
    this.#isNew = false;
    if (defaults.language !== null && this.language === this.#begunWith) {
      this.language = defaults.language;
    }
    if (this.textSize === 'normal') this.textSize = defaults.text_size;
  }

  /** The theme that is drawn. */
  get drawnTheme(): 'light' | 'dark' {
    if (this.theme === 'system') return this.#systemIsDark ? 'dark' : 'light';
    return this.theme;
  }

  /** How large the text is, of the usual size. What is as wide as some text goes by it. */
  get textScale(): number {
    return SCALES[this.textSize];
  }

  /** Makes the text larger or smaller by a step. */
  stepTextSize(step: 1 | -1): void {
    this.textSize = TEXT_SIZES[TEXT_SIZES.indexOf(this.textSize) + step] ?? this.textSize;
  }

  setListWidth(width: number): void {
    this.listWidth = Math.round(Math.min(LIST_WIDTH.max, Math.max(LIST_WIDTH.min, width)));
  }

  /** Notes that a command was chosen from the palette. */
  noteCommand(id: CommandId): void {
    const others = this.recentCommands.filter((one) => one !== id);
    this.recentCommands = [id, ...others].slice(0, RECENT_COMMANDS);
  }

  setVolume(volume: number): void {
    this.volume = Math.round(Math.min(VOLUME.max, Math.max(VOLUME.min, volume)));
  }

  isFolded(group: string): boolean {
    return this.folded.includes(group);
  }

  toggleFolded(group: string): void {
    this.folded = this.isFolded(group)
      ? this.folded.filter((name) => name !== group)
      : [...this.folded, group];
  }

  /** Keeps the document and the storage as the settings are. Runs until the answer is called. */
  apply(): () => void {
    const query = window.matchMedia('(prefers-color-scheme: dark)');
    const follow = (): void => {
      this.#systemIsDark = query.matches;
    };
    follow();
    query.addEventListener('change', follow);
    const end = $effect.root(() => {
      $effect(() => {
        const root = document.documentElement;
        root.lang = this.language;
        root.dataset['theme'] = this.drawnTheme;
        root.style.fontSize = `${String(this.textScale * 100)}%`;
      });
      $effect(() => this.#write());
    });
    return () => {
      query.removeEventListener('change', follow);
      end();
    };
  }

  #write(): void {
    // Until the company's are known nothing is kept in their place, or a window that is opened again
    // before anybody has signed in would never begin with them.
    const isSystems = this.#isNew && this.language === this.#begunWith;
    const isUsual = this.#isNew && this.textSize === 'normal';
    const text = JSON.stringify({
      language: isSystems ? undefined : this.language,
      theme: this.theme,
      textSize: isUsual ? undefined : this.textSize,
      areSoundsOn: this.areSoundsOn,
      volume: this.volume,
      listWidth: this.listWidth,
      isCardOpen: this.isCardOpen,
      folded: this.folded,
      isKeyStoreNoticeSeen: this.isKeyStoreNoticeSeen,
      supervisionTab: this.supervisionTab,
      section: this.section,
      oversight: this.oversight,
      ownKeys: this.ownKeys,
      areSingleKeysOn: this.areSingleKeysOn,
      recentCommands: this.recentCommands,
    });
    try {
      this.storage?.setItem(KEY, text);
    } catch {
      // A full or forbidden storage costs the setting at the next start, nothing else.
    }
  }
}

function read(storage: Storage | null): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(storage?.getItem(KEY) ?? '{}');
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** What narrows the supervisor's list, besides what is typed. */
export interface OversightFilters {
  /** None for the open ones. */
  status: Status | null;
  ownerId: OperatorId | null;
  order: ChatsOrder;
}

const NO_OVERSIGHT_FILTERS: OversightFilters = {
  status: null,
  ownerId: null,
  order: 'waiting',
};

function oversightFilters(kept: unknown): OversightFilters {
  if (typeof kept !== 'object' || kept === null) return NO_OVERSIGHT_FILTERS;
  const { status, ownerId, order } = kept as Record<string, unknown>;
  return {
    status: oneOf(['queued', 'in_work', 'closed'] as const, status) ?? null,
    ownerId: typeof ownerId === 'string' ? ownerId : null,
    order: oneOf(['waiting', 'activity'] as const, order) ?? 'waiting',
  };
}

function oneOf<T>(values: readonly T[], value: unknown): T | undefined {
  return values.find((one) => one === value);
}
