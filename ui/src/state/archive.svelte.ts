/** The archive as it is searched, and a chat of it as it is read. */
import type { Backend } from '../api/backend';
import type { ArchiveCursor } from '../api/generated/ArchiveCursor';
import type { ArchiveHit } from '../api/generated/ArchiveHit';
import type { ArchivePage } from '../api/generated/ArchivePage';
import type { ArchiveQuery } from '../api/generated/ArchiveQuery';
import type { ChatId } from '../api/generated/ChatId';
import type { ChatRow } from '../api/generated/ChatRow';
import type { EntryRow } from '../api/generated/EntryRow';
import type { Held } from '../api/generated/Held';
import type { OperatorId } from '../api/generated/OperatorId';
import type { Place } from '../api/generated/Place';
import type { Timestamp } from '../api/generated/Timestamp';
import { dayBegin } from '../format/days';
import { entryKey, mergeOlder } from './history';
import type { ReadingPosition } from './timeline.svelte';

/** How long typing must pause before it is searched for. */
const SEARCH_PAUSE_MS = 250;
/** How many chats are asked for at a time. */
const HITS = 30;
/** How many entries are asked for at a time. */
const ENTRIES = 80;
/** How many entries the panel answers with at most. */
const MAX_ENTRIES = 200;
/** How many entries are read above the line that was found. */
const ABOVE_LINE = 20;
/** Where that line lands below the view's top, in pixels. */
const LANDING = 72;

/** What narrows the search besides words. Days are as date fields have them, empty for none. */
export interface ArchiveFilters {
  ownerId: OperatorId | null;
  from: string;
  until: string;
}

const NO_FILTERS: ArchiveFilters = { ownerId: null, from: '', until: '' };

/** Where the list of what was found stands. */
type Searching = 'first' | 'again' | 'done' | 'failed';

export class ArchiveState {
  /** What stands in the field. */
  text = $state('');
  filters = $state.raw(NO_FILTERS);
  searching = $state<Searching>('first');
  /** Why the search failed. */
  error = $state.raw<unknown>(null);
  hits = $state.raw<ArchiveHit[]>([]);
  /** The words by which the hits were found. */
  foundBy = $state('');
  /** Whether anything narrowed the search that found the hits. */
  isNarrowed = $state(false);
  /** Where the backend is asked to go on; none at the end. */
  #next = $state.raw<ArchiveCursor | null>(null);
  readonly hasMore = $derived(this.#next !== null);
  more = $state<'idle' | 'loading' | 'failed'>('idle');
  /** The chat that is read. */
  chat = $state.raw<ArchivedChat | null>(null);

  readonly nFilters = $derived(
    Object.values(this.filters).filter((value) => value !== null && value !== '').length,
  );

  readonly #backend: Backend;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts searches: an answer to any but the last is dropped. */
  #last = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** What is in the field, searched for after a short pause. */
  type(text: string): void {
    const isSame = text.trim() === this.text.trim();
    this.text = text;
    if (isSame) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.search(), SEARCH_PAUSE_MS);
  }

  /** Changes some filters, which is searched for at once. */
  narrow(filters: Partial<ArchiveFilters>): void {
    this.filters = { ...this.filters, ...filters };
    void this.search();
  }

  clearFilters(): void {
    this.narrow(NO_FILTERS);
  }

  /** Searches by what is asked for now. */
  async search(): Promise<void> {
    clearTimeout(this.#timer);
    this.#last += 1;
    const search = this.#last;
    const text = this.text.trim();
    const isNarrowed = text !== '' || this.nFilters > 0;
    this.searching = this.searching === 'done' || this.searching === 'again' ? 'again' : 'first';
    try {
      const page = await this.#ask(search, null);
      if (page === null) return;
      this.hits = page.hits;
      this.#next = page.next;
      this.more = 'idle';
      this.foundBy = text;
      this.isNarrowed = isNarrowed;
      this.searching = 'done';
    } catch (error) {
      if (search !== this.#last) return;
      this.error = error;
      this.hits = [];
      this.#next = null;
      this.searching = 'failed';
    }
  }

  /** Reads what was found behind the last hit. */
  async loadMore(): Promise<void> {
    if (!this.hasMore || this.searching !== 'done' || this.more === 'loading') return;
    const search = this.#last;
    this.more = 'loading';
    try {
      const page = await this.#ask(search, this.#next);
      if (page === null) return;
      const held = new Set(this.hits.map(({ chat }) => chat.id));
      this.hits = [...this.hits, ...page.hits.filter(({ chat }) => !held.has(chat.id))];
      this.#next = page.next;
      this.more = 'idle';
    } catch {
      if (search === this.#last) this.more = 'failed';
    }
  }

  /** Shows a chat that was found, at the line that was found. */
  open(chatId: ChatId): void {
    if (this.chat?.chatId === chatId) return;
    const hit = this.hits.find(({ chat }) => chat.id === chatId);
    if (hit === undefined) return;
    this.chat = new ArchivedChat(this.#backend, hit);
    void this.chat.read();
  }

  /** Shows no chat. */
  leave(): void {
    this.chat = null;
  }

  /** Shows a chat no longer that is not in the archive any more. */
  drop(chatId: ChatId): void {
    this.hits = this.hits.filter(({ chat }) => chat.id !== chatId);
    if (this.chat?.chatId === chatId) this.leave();
  }

  /**
   * The next page that has anything on it: a search that reads much answers in steps, of which some
   * bring nothing. None if something else is searched for meanwhile.
   */
  async #ask(search: number, after: ArchiveCursor | null): Promise<ArchivePage | null> {
    const query = this.#query();
    let next = after;
    for (;;) {
      const page = await this.#backend.archive(next === null ? query : { ...query, after: next });
      if (search !== this.#last) return null;
      if (page.hits.length > 0 || page.next === null) return page;
      next = page.next;
    }
  }

  #query(): ArchiveQuery {
    const text = this.text.trim();
    const { ownerId, from, until } = this.filters;
    const begin = dayBegin(from);
    const end = dayBegin(until, 1);
    return {
      limit: HITS,
      ...(text === '' ? {} : { text }),
      ...(ownerId === null ? {} : { owner_id: ownerId }),
      ...(begin === null ? {} : { from: begin }),
      ...(end === null ? {} : { until: end }),
    };
  }
}

/** A chat of the archive as it is read: its history, and nothing to write. */
export class ArchivedChat {
  readonly chat: ChatRow;
  readonly chatId: ChatId;
  loading = $state<'first' | 'ready' | 'failed'>('first');
  /** Why reading failed. */
  error = $state.raw<unknown>(null);
  entries = $state.raw<EntryRow[]>([]);
  hasOlder = $state(false);
  olderNeedsConnection = $state(false);
  isOlderStuck = $state(false);
  isLoadingOlder = $state(false);
  /** Whether it was asked to be put back in work from here. */
  isReopening = $state(false);
  /** Why it was not. */
  refused = $state.raw<Held | null>(null);

  // What a history shows of a chat that is written in.
  readonly echoes = [];
  readonly newAfter = null;
  readonly nNew = 0;
  position: ReadingPosition | null = null;
  target = $state<Place | null>(null);

  /** When it was closed, as far as is known. */
  readonly closedAt = $derived.by((): Timestamp => {
    const notice = this.entries.findLast(
      ({ body }) => body.kind === 'notice' && body.notice.what === 'closed',
    );
    return notice?.sent_at ?? this.chat.last_activity_at;
  });

  readonly #backend: Backend;
  readonly #line: Place | null;

  constructor(backend: Backend, { chat, line }: ArchiveHit) {
    this.#backend = backend;
    this.chat = chat;
    this.chatId = chat.id;
    this.#line = line?.place ?? null;
  }

  /** Reads the newest stretch, and as much above it as reaches the line that was found. */
  async read(): Promise<void> {
    this.loading = 'first';
    const line = this.#line;
    const reach = line === null ? 0 : this.chat.last_place - line + 1 + ABOVE_LINE;
    const limit = Math.min(MAX_ENTRIES, Math.max(ENTRIES, reach));
    try {
      this.#take((await this.#backend.archived(this.chatId, null, limit)).entries);
      const found = this.entries.find(({ place }) => place === line);
      if (found !== undefined) this.position = { key: entryKey(found), offset: LANDING };
      else this.target = line;
      this.loading = 'ready';
    } catch (error) {
      this.error = error;
      this.loading = 'failed';
    }
  }

  /** Reads an older stretch. */
  async loadOlder(): Promise<void> {
    const first = this.entries[0];
    if (first === undefined || !this.hasOlder || this.isLoadingOlder) return;
    this.isLoadingOlder = true;
    try {
      this.#take((await this.#backend.archived(this.chatId, first.place, ENTRIES)).entries);
      this.olderNeedsConnection = false;
    } catch {
      this.olderNeedsConnection = true;
      this.isOlderStuck = true;
    } finally {
      this.isLoadingOlder = false;
    }
  }

  /** What is closed has no unread messages. */
  look(): void {
    // Nothing to tell.
  }

  /** Puts the chat back in work. */
  async reopen(): Promise<void> {
    this.isReopening = true;
    this.refused = null;
    try {
      const found = this.entries.at(-1)?.place ?? this.chat.last_place;
      await this.#backend.reopenChat(this.chatId, found);
    } catch (error) {
      this.isReopening = false;
      throw error;
    }
  }

  /** Hears whether putting it back in work was refused, once the panel says that something changed. */
  async hear(): Promise<void> {
    if (!this.isReopening) return;
    const { held } = await this.#backend.timeline(this.chatId, null, 1, 0);
    if (held?.action !== 'reopen') return;
    this.refused = held;
    this.isReopening = false;
    await this.#backend.dismissHeld(held.command_id);
  }

  #take(older: EntryRow[]): void {
    this.entries = mergeOlder(older, this.entries);
    this.hasOlder = older.length > 0 && (older[0]?.place ?? 1) > 1;
  }
}
