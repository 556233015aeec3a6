/** The client's card: what is read besides the chat's row, and what is written in it. */
import type { Backend } from '../api/backend';
import type { ChatId } from '../api/generated/ChatId';
import type { ClientHistory } from '../api/generated/ClientHistory';
import type { CommandId } from '../api/generated/CommandId';
import { coalesced } from './reload';

/** Longest name that staff may give a client, in characters. */
export const MAX_NAME_CHARS = 200;
/** Longest note about a client, in characters. */
export const MAX_NOTE_CHARS = 4096;

export class CardState {
  history = $state.raw<ClientHistory | null>(null);
  loading = $state<'first' | 'ready' | 'failed'>('first');
  /** Why reading failed. */
  error = $state.raw<unknown>(null);
  /** Reads it again; what was read stays if that fails. */
  readonly refresh: () => Promise<void>;

  constructor(backend: Backend, chatId: ChatId) {
    this.refresh = coalesced(async () => {
      try {
        this.history = await backend.card(chatId);
        this.loading = 'ready';
      } catch (error) {
        this.error = error;
        if (this.history === null) this.loading = 'failed';
      }
    });
  }
}

/**
 * A text of the card that is edited in place and saved when it is left.
 *
 * What is being typed is never overwritten: if the kept text changes meanwhile, that is told beside
 * it. What was handed over is shown until the kept text follows, or the backend has refused it; then
 * it is as if it had just been typed.
 */
export class EditedText {
  /** What the panel has. */
  kept = $state('');
  /** Whether what was handed over last was refused. */
  isRefused = $state(false);

  readonly #save: (text: string) => Promise<CommandId>;
  readonly #tidy: (text: string) => string;
  /** What is typed and not handed over; none while nobody types. */
  #typed = $state<string | null>(null);
  /** What was kept when the typing began. */
  #keptBefore = $state('');
  /** What was handed over and is not kept yet. */
  #sent = $state.raw<Sent | null>(null);

  /** What stands in the field. */
  readonly text = $derived(this.#typed ?? this.#sent?.text ?? this.kept);
  readonly isSaving = $derived(this.#typed === null && this.#sent !== null);
  /** What somebody else has written meanwhile, while another text is being typed. */
  readonly theirs = $derived.by((): string | null => {
    if (this.#typed === null || this.kept === this.#keptBefore) return null;
    return this.kept === this.#tidy(this.#typed) || this.kept === this.#sent?.text
      ? null
      : this.kept;
  });

  /** `tidy` makes of what was typed what is to be kept. */
  constructor(
    kept: string,
    save: (text: string) => Promise<CommandId>,
    tidy = (text: string): string => text.trim(),
  ) {
    this.kept = kept;
    this.#save = save;
    this.#tidy = tidy;
  }

  /** Takes what the panel has now, and which command of this chat was refused. */
  follow(kept: string, refused: CommandId | null): void {
    this.kept = kept;
    const sent = this.#sent;
    if (sent === null) return;
    if (kept !== sent.keptBefore) {
      this.#sent = null;
      // What was typed since began with what is kept now.
      if (kept === sent.text) this.#keptBefore = kept;
    } else if (refused !== null && refused === sent.commandId) {
      this.#sent = null;
      this.#typed ??= sent.text;
      this.isRefused = true;
    }
  }

  type(text: string): void {
    if (this.#typed === null) this.#keptBefore = this.kept;
    this.#typed = text;
    this.isRefused = false;
  }

  /** Lets go of what was typed. */
  revert(): void {
    this.#typed = null;
    this.isRefused = false;
  }

  /** Hands over what was typed, if it says anything new. It stays typed if that fails. */
  async save(): Promise<void> {
    const typed = this.#typed;
    if (typed === null) return;
    const text = this.#tidy(typed);
    const before = this.#sent;
    this.#typed = null;
    this.isRefused = false;
    if (text === (before?.text ?? this.kept)) return;
    const sent: Sent = { text, keptBefore: this.kept, commandId: null };
    this.#sent = sent;
    try {
      const commandId = await this.#save(text);
      // The kept text may have followed already.
      if (this.#sent === sent) this.#sent = { ...sent, commandId };
    } catch (error) {
      if (this.#sent === sent) this.#sent = before;
      this.#typed ??= typed;
      throw error;
    }
  }
}

interface Sent {
  text: string;
  keptBefore: string;
  commandId: CommandId | null;
}
