/** A chat of whomever as a supervisor reads it: its history, and a hidden comment to write. */
import type { Backend } from '../api/backend';
import type { ChatId } from '../api/generated/ChatId';
import type { ChatRow } from '../api/generated/ChatRow';
import type { CommandId } from '../api/generated/CommandId';
import type { Echo } from '../api/generated/Echo';
import type { EntryRow } from '../api/generated/EntryRow';
import type { OperatorId } from '../api/generated/OperatorId';
import type { Place } from '../api/generated/Place';
import type { Problem } from '../api/generated/Problem';
import { clientName } from '../format/people';
import { mergeNewest, mergeOlder } from './history';
import { coalesced } from './reload';
import type { ReadingPosition } from './timeline.svelte';

/** How many entries are asked for at a time. */
const ENTRIES = 80;

/** A comment that was given and has not come yet. */
type Given = Echo & { mentions: OperatorId[] };

export class OverseenConversation {
  chat = $state.raw<ChatRow>({} as ChatRow);
  readonly chatId: ChatId;
  loading = $state<'first' | 'ready' | 'failed'>('first');
  /** Why reading failed. */
  error = $state.raw<unknown>(null);
  entries = $state.raw<EntryRow[]>([]);
  hasOlder = $state(false);
  olderNeedsConnection = $state(false);
  isOlderStuck = $state(false);
  isLoadingOlder = $state(false);
  /** What is begun to be written. */
  comment = $state('');
  mentions = $state.raw<OperatorId[]>([]);
  /** Why the last comment was refused; its text is in the field again. */
  refused = $state.raw<Problem | null>(null);
  echoes = $state.raw<Given[]>([]);

  // What a history shows of a chat that is one's own.
  readonly newAfter = null;
  readonly nNew = 0;
  position: ReadingPosition | null = null;
  target = $state<Place | null>(null);
  /** What a supervisor looks at here is not read in their own name. */
  readonly look = (): void => undefined;

  readonly #backend: Backend;
  readonly #refresh: () => Promise<void>;

  constructor(backend: Backend, chat: ChatRow) {
    this.#backend = backend;
    this.chat = chat;
    this.chatId = chat.id;
    this.#refresh = coalesced(async () => {
      await this.#readRow();
      await this.#readNewest();
    });
  }

  /** Reads the newest stretch for the first time. */
  async read(): Promise<void> {
    this.loading = 'first';
    try {
      await this.#readNewest();
      this.loading = 'ready';
    } catch (error) {
      this.error = error;
      this.loading = 'failed';
    }
  }

  /** Something has changed in it. */
  async refresh(): Promise<void> {
    if (this.loading !== 'ready') return;
    try {
      await this.#refresh();
    } catch (error) {
      this.error = error;
      this.loading = 'failed';
    }
  }

  /** Takes its row out of a list that was read. */
  take(chats: readonly ChatRow[]): void {
    const row = chats.find(({ id }) => id === this.chatId);
    if (row !== undefined) this.chat = row;
  }

  async loadOlder(): Promise<void> {
    const first = this.entries[0];
    if (first === undefined || !this.hasOlder || this.isLoadingOlder) return;
    this.isLoadingOlder = true;
    try {
      const { entries } = await this.#backend.archived(this.chatId, first.place, ENTRIES);
      this.entries = mergeOlder(entries, this.entries);
      this.hasOlder = entries.length > 0 && (entries[0]?.place ?? 1) > 1;
      this.olderNeedsConnection = false;
    } catch {
      this.olderNeedsConnection = true;
      this.isOlderStuck = true;
    } finally {
      this.isLoadingOlder = false;
    }
  }

  /** A supervisor who looks is no reader whom anybody counts. */
  markRead(): void {
    // Nothing to tell.
  }

  /** Adds the hidden comment that stands in the field. */
  async send(): Promise<void> {
    const text = this.comment.trimEnd();
    if (text.trim() === '' || this.chat.status === 'closed') return;
    const mentions = this.mentions;
    this.comment = '';
    this.mentions = [];
    this.refused = null;
    try {
      const [command_id] = await this.#backend.actOn(
        [
          {
            chat_id: this.chatId,
            status: this.chat.status,
            last_place: this.entries.at(-1)?.place ?? this.chat.last_place,
            client_name: clientName(this.chat.client),
          },
        ],
        { deed: 'comment', text, mentions },
      );
      if (command_id === undefined) return;
      const written_at = Date.now();
      const echo = { command_id, mode: 'comment', text, mentions, written_at } as const;
      this.echoes = [...this.echoes, { ...echo, is_handed_over: true }];
      await this.settle();
    } catch (error) {
      this.#putBack(text, mentions);
      throw error;
    }
  }

  /** Hears what has come of comments that were given. */
  async settle(): Promise<void> {
    if (this.echoes.length === 0) return;
    const outcomes = await this.#backend.outcomes(this.echoes.map(({ command_id }) => command_id));
    const over = new Set<CommandId>();
    for (const outcome of outcomes) {
      if (outcome.state === 'refused') {
        const given = this.echoes.find(({ command_id }) => command_id === outcome.command_id);
        over.add(outcome.command_id);
        this.refused = outcome.problem;
        if (given !== undefined) this.#putBack(given.text, given.mentions);
        // The panel keeps refused text too; here it stands in the field.
        await this.#backend.discardShell(this.chatId).catch(() => undefined);
      } else if (outcome.state === 'withdrawn') {
        over.add(outcome.command_id);
      }
    }
    const arrived = new Set(this.entries.map(({ command_id }) => command_id));
    this.echoes = this.echoes.filter(
      ({ command_id }) => !over.has(command_id) && !arrived.has(command_id),
    );
    const isDone = outcomes.some(({ state }) => state === 'done');
    if (isDone && this.echoes.length > 0) await this.refresh();
  }

  #putBack(text: string, mentions: readonly OperatorId[]): void {
    this.comment = this.comment.trim() === '' ? text : `${text}\n${this.comment}`;
    this.mentions = [...new Set([...mentions, ...this.mentions])];
  }

  async #readNewest(): Promise<void> {
    const { entries } = await this.#backend.archived(this.chatId, null, ENTRIES);
    this.entries = mergeNewest(this.entries, entries);
    this.hasOlder = (this.entries[0]?.place ?? 1) > 1;
    const arrived = new Set(this.entries.map(({ command_id }) => command_id));
    this.echoes = this.echoes.filter(({ command_id }) => !arrived.has(command_id));
  }

  /** How it stands now, whether it is among those in the list or not. */
  async #readRow(): Promise<void> {
    const ids = this.chatId;
    const open = await this.#backend.chats({ ids });
    const found = open.chats[0] ?? (await this.#backend.chats({ ids, status: 'closed' })).chats[0];
    if (found !== undefined) this.chat = found;
  }
}
