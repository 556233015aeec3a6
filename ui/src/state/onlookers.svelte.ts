/**
 * Who else looks at which chat or types in it, and what I am typing myself. Nothing of it is kept: it
 * is over with the connection.
 */
import type { Backend } from '../api/backend';
import type { ChatId } from '../api/generated/ChatId';
import type { Onlooker } from '../api/generated/Onlooker';
import type { ComposerMode } from '../api/generated/ComposerMode';
import { coalesced } from './reload';

/** Typing ends when no key was pressed for so long. */
export const TYPING_ENDS_MS = 5000;

const NOBODY: readonly Onlooker[] = [];

export class Onlookers {
  #chats = $state.raw<ReadonlyMap<ChatId, readonly Onlooker[]>>(new Map());
  /** Asks again who looks. */
  readonly reload: () => Promise<void>;

  constructor(backend: Backend) {
    this.reload = coalesced(async () => {
      try {
        const chats = await backend.onlookers();
        this.#chats = new Map(chats.map(({ chat_id, onlookers }) => [chat_id, onlookers]));
      } catch {
        this.#chats = new Map();
      }
    });
  }

  /** Who else is at a chat. */
  of(chatId: ChatId): readonly Onlooker[] {
    return this.#chats.get(chatId) ?? NOBODY;
  }
}

/** What I am typing: it begins with a key, and ends after a while without one. */
export class OwnTyping {
  /** What it is; nothing at most times. */
  now: ComposerMode | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onchange: () => void;

  /** `onchange` is called whenever it is something else than before. */
  constructor(onchange: () => void) {
    this.#onchange = onchange;
  }

  /** A key has changed what the composer holds. An empty one is no beginning. */
  typed(mode: ComposerMode, text: string): void {
    clearTimeout(this.#timer);
    if (text.trim() === '') {
      this.end();
      return;
    }
    this.#timer = setTimeout(() => this.end(), TYPING_ENDS_MS);
    this.#set(mode);
  }

  /** It was sent, or left. */
  end(): void {
    clearTimeout(this.#timer);
    this.#set(null);
  }

  #set(typing: ComposerMode | null): void {
    if (this.now === typing) return;
    this.now = typing;
    this.#onchange();
  }
}
