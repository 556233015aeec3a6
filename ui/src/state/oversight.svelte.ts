/** Everybody's chats as a supervisor sees them, and what is done with several at once. */
import { SvelteSet } from 'svelte/reactivity';

import type { Backend } from '../api/backend';
import type { ArchiveCursor } from '../api/generated/ArchiveCursor';
import type { ChatId } from '../api/generated/ChatId';
import type { ChatRow } from '../api/generated/ChatRow';
import type { ChatsPage } from '../api/generated/ChatsPage';
import type { ChatsQuery } from '../api/generated/ChatsQuery';
import type { OverseerDeed } from '../api/generated/OverseerDeed';
import type { Timestamp } from '../api/generated/Timestamp';
import type { Workload } from '../api/generated/Workload';
import { Batch } from './batch.svelte';
import { OverseenConversation } from './overseen.svelte';
import { coalesced } from './reload';
import type { OversightFilters, Settings } from './settings.svelte';

/** How long typing must pause before it is searched for. */
const SEARCH_PAUSE_MS = 250;
/** How many chats are asked for at a time. */
const CHATS = 100;

/** Most chats that are asked for by name. */
const MAX_NAMED = 100;
/** How many chats can be chosen at once. */
export const MAX_CHOSEN = 500;
/** How many finished batches stay to be read. */
const MAX_BATCHES = 3;

const MINUTE = 60_000;

type Loading = 'first' | 'again' | 'done' | 'failed';

export class OversightState {
  readonly settings: Settings;
  /** What stands in the field. */
  text = $state('');
  loading = $state<Loading>('first');
  /** Why the list could not be read. */
  error = $state.raw<unknown>(null);
  chats = $state.raw<ChatRow[]>([]);
  more = $state<'idle' | 'loading' | 'failed'>('idle');
  /** Where the backend is asked to go on; none at the end. */
  #next = $state.raw<ArchiveCursor | null>(null);
  readonly hasMore = $derived(this.#next !== null);
  workload = $state.raw<Workload | null>(null);
  /** The chats that are chosen. */
  readonly chosen = new SvelteSet<ChatId>();
  /** Whether more than can be chosen at once were to be. */
  isCut = $state(false);
  /** Where a range begins. */
  #anchor: ChatId | null = null;
  /** The chat that is read. */
  open = $state.raw<OverseenConversation | null>(null);
  /** What is or was being done with several chats, the newest first. */
  batches = $state.raw<Batch[]>([]);
  /** Grows whenever the view is to be shown. */
  wanted = $state(0);
  isShown = $state(false);

  readonly #backend: Backend;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts readings of the list: an answer to any but the last is dropped. */
  #last = 0;
  /** What was hinted at and is still to be read; all of it if there is none. */
  #changed: Set<ChatId> | null = new Set();
  readonly #refresh: () => Promise<void>;
  readonly #reloadWorkload: () => Promise<void>;
  readonly #settleBatches: () => Promise<void>;

  constructor(backend: Backend, settings: Settings) {
    this.#backend = backend;
    this.settings = settings;
    this.#refresh = coalesced(() => this.#readChanged());
    this.#reloadWorkload = coalesced(async () => {
      try {
        this.workload = await this.#backend.workload();
      } catch {
        // The list tells why nothing can be read.
      }
    });
    this.#settleBatches = coalesced(async () => {
      for (const batch of this.batches) await batch.refresh();
    });
  }

  get filters(): OversightFilters {
    return this.settings.oversight;
  }

  /** Whether anything narrows the list besides the status. */
  get isNarrowed(): boolean {
    return this.text.trim() !== '' || this.filters.ownerId !== null;
  }

  /** How long a chat's client may wait, in milliseconds; none for ever. */
  limitOf({ status }: Pick<ChatRow, 'status'>): number | null {
    const limits = this.workload?.limits;
    const minutes = status === 'queued' ? limits?.first_answer_minutes : limits?.answer_minutes;
    return status === 'closed' || minutes === undefined || minutes === null
      ? null
      : minutes * MINUTE;
  }

  /** Whether the client of a chat waits too long. */
  isLate(chat: Pick<ChatRow, 'status' | 'waiting_since'>, now: Timestamp): boolean {
    const limit = this.limitOf(chat);
    return limit !== null && chat.waiting_since !== null && now - chat.waiting_since >= limit;
  }

  /** Asks for the view to be shown, those first who wait longest. */
  show(): void {
    this.settings.supervisionTab = 'chats';
    this.settings.oversight = { status: null, ownerId: null, order: 'waiting' };
    this.text = '';
    this.wanted += 1;
    if (this.isShown) void this.load();
  }

  /** The view is on the screen until the answer is called. */
  enter(): () => void {
    this.isShown = true;
    void this.load();
    void this.#reloadWorkload();
    void this.#backend.oversee(true).catch(() => undefined);
    return () => {
      this.isShown = false;
      clearTimeout(this.#timer);
      void this.#backend.oversee(false).catch(() => undefined);
    };
  }

  /** How much there is to do is read again. */
  reloadWorkload(): Promise<void> {
    return this.#reloadWorkload();
  }

  /** What is in the field, searched for after a short pause. */
  type(text: string): void {
    const isSame = text.trim() === this.text.trim();
    this.text = text;
    if (isSame) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.load(), SEARCH_PAUSE_MS);
  }

  /** Changes some filters; what was chosen is not chosen any more. */
  narrow(filters: Partial<OversightFilters>): void {
    this.settings.oversight = { ...this.filters, ...filters };
    this.choose([]);
    void this.load();
  }

  /** Lets nothing narrow the list but the status. */
  widen(): void {
    this.text = '';
    this.narrow({ ownerId: null });
  }

  /** Reads the list from its beginning. */
  async load(): Promise<void> {
    clearTimeout(this.#timer);
    this.#last += 1;
    const reading = this.#last;
    this.loading = this.loading === 'done' || this.loading === 'again' ? 'again' : 'first';
    this.#changed = new Set();
    try {
      const page = await this.#ask(reading, null);
      if (page === null) return;
      this.#take(page.chats, page.next);
      this.more = 'idle';
      this.loading = 'done';
      void this.#refresh();
    } catch (error) {
      if (reading !== this.#last) return;
      this.error = error;
      this.#take([], null);
      this.loading = 'failed';
    }
  }

  /** Reads what follows the last chat. */
  async loadMore(): Promise<void> {
    if (!this.hasMore || this.loading !== 'done' || this.more === 'loading') return;
    const reading = this.#last;
    this.more = 'loading';
    try {
      const page = await this.#ask(reading, this.#next);
      if (page === null) return;
      const held = new Set(this.chats.map(({ id }) => id));
      this.#take([...this.chats, ...page.chats.filter(({ id }) => !held.has(id))], page.next);
      this.more = 'idle';
    } catch {
      if (reading === this.#last) this.more = 'failed';
    }
  }

  /** Something has changed in these chats, or in any. */
  hear(chatIds: readonly ChatId[], everything: boolean): void {
    if (!this.isShown) return;
    for (const id of chatIds) this.#changed?.add(id);
    // More than can be asked for by name.
    if (everything || (this.#changed?.size ?? 0) > MAX_NAMED) this.#changed = null;
    void this.#refresh();
    void this.#reloadWorkload();
    if (everything || chatIds.includes(this.open?.chatId ?? '')) void this.open?.refresh();
  }

  /** Something that was given may have been answered. */
  async follow(): Promise<void> {
    await this.#settleBatches();
    await this.open?.settle();
  }

  forget(): void {
    this.#last += 1;
    this.#take([], null);
    this.loading = 'first';
    this.workload = null;
    this.open = null;
    this.batches = [];
    this.text = '';
  }

  // --- choosing

  /** Chooses these and nothing else. */
  choose(chatIds: readonly ChatId[]): void {
    this.isCut = chatIds.length > MAX_CHOSEN;
    this.chosen.clear();
    for (const id of chatIds.slice(0, MAX_CHOSEN)) this.chosen.add(id);
    this.#anchor = chatIds.at(-1) ?? null;
  }

  /** Chooses a chat besides the others, or no longer. */
  toggle(chatId: ChatId): void {
    this.#anchor = chatId;
    this.isCut = false;
    if (this.chosen.delete(chatId)) return;
    if (this.chosen.size < MAX_CHOSEN) this.chosen.add(chatId);
    else this.isCut = true;
  }

  /** Chooses what lies between the chat that was chosen last and this one, both included. */
  chooseTo(chatId: ChatId): void {
    const keys = this.chats.map(({ id }) => id);
    const from = this.#anchor === null ? -1 : keys.indexOf(this.#anchor);
    const to = keys.indexOf(chatId);
    if (from === -1 || to === -1) return this.toggle(chatId);
    for (const id of keys.slice(Math.min(from, to), Math.max(from, to) + 1)) {
      if (this.chosen.size >= MAX_CHOSEN) {
        this.isCut = true;
        return;
      }
      this.chosen.add(id);
    }
  }

  /** Chooses all that the filters let through, as many as can be chosen at once. */
  async chooseAll(): Promise<void> {
    while (this.hasMore && this.chats.length <= MAX_CHOSEN && this.loading === 'done') {
      await this.loadMore();
      if (this.more === 'failed') break;
    }
    this.choose(this.chats.map(({ id }) => id));
    this.isCut ||= this.hasMore;
  }

  /** The chosen chats as they stand in the list. */
  chosenChats(): ChatRow[] {
    return this.chats.filter(({ id }) => this.chosen.has(id));
  }

  // --- doing

  /** Does something with chats, each by a command of its own. */
  async act(chats: readonly ChatRow[], deed: OverseerDeed): Promise<Batch | null> {
    const fitting = chats.filter((chat) => fits(deed, chat));
    if (fitting.length === 0) return null;
    const batch = await Batch.begin(this.#backend, fitting, deed);
    const standing = this.batches.filter(({ isOver }) => !isOver);
    const over = this.batches.filter(({ isOver }) => isOver).slice(0, MAX_BATCHES - 1);
    this.batches = [batch, ...standing, ...over].slice(0, 20);
    this.choose([]);
    await batch.refresh();
    return batch;
  }

  /** The hidden comment that was to go with one of these chats when it was to be given last, and was not. */
  noteLeft(chats: readonly ChatRow[]): string {
    for (const { id } of chats) {
      const last = this.batches.find((batch) => batch.gives(id));
      if (last?.isUndone(id) === true && last.noteLeft !== null) return last.noteLeft;
    }
    return '';
  }

  dismiss(batch: Batch): void {
    this.batches = this.batches.filter((one) => one !== batch);
  }

  /** Reads a chat. */
  read(chat: ChatRow): void {
    if (this.open?.chatId === chat.id) return;
    this.open = new OverseenConversation(this.#backend, chat);
    void this.open.read();
  }

  /** Reads no chat. */
  leave(): void {
    this.open = null;
  }

  // --- reading

  #query(): ChatsQuery {
    const text = this.text.trim();
    const { status, ownerId, order } = this.filters;
    return {
      order,
      limit: CHATS,
      ...(status === null ? {} : { status }),
      ...(ownerId === null ? {} : { owner_id: ownerId }),
      ...(text === '' ? {} : { text }),
    };
  }

  /** The next page that has anything on it. None if something else is read meanwhile. */
  async #ask(reading: number, after: ArchiveCursor | null): Promise<ChatsPage | null> {
    const query = this.#query();
    let next = after;
    for (;;) {
      const page = await this.#backend.chats(next === null ? query : { ...query, after: next });
      if (reading !== this.#last) return null;
      if (page.chats.length > 0 || page.next === null) return page;
      next = page.next;
    }
  }

  #take(chats: ChatRow[], next: ArchiveCursor | null): void {
    this.chats = chats;
    this.#next = next;
    this.open?.take(chats);
    const held = new Set(chats.map(({ id }) => id));
    for (const id of this.chosen) if (!held.has(id)) this.chosen.delete(id);
  }

  /** Reads what was hinted at: some chats, put where they stand now, or as many as are shown. */
  async #readChanged(): Promise<void> {
    if (this.loading !== 'done') {
      // What is being read may be older than the hint, which is gone into after that.
      if (this.loading === 'failed') await this.load();
      return;
    }
    const changed = this.#changed;
    this.#changed = new Set();
    const reading = this.#last;
    try {
      if (changed === null) {
        await this.#readAgain(reading);
      } else if (changed.size > 0) {
        const ids = [...changed];
        const page = await this.#backend.chats({ ...this.#query(), ids: ids.join(',') });
        if (reading === this.#last) this.#merge(new Set(ids), page.chats);
      }
    } catch (error) {
      if (reading !== this.#last) return;
      this.error = error;
      this.#take([], null);
      this.loading = 'failed';
    }
  }

  /** As many chats as are shown, from the beginning. */
  async #readAgain(reading: number): Promise<void> {
    const n = this.chats.length;
    let chats: ChatRow[] = [];
    let next: ArchiveCursor | null = null;
    do {
      const page: ChatsPage | null = await this.#ask(reading, next);
      if (page === null) return;
      chats = [...chats, ...page.chats];
      next = page.next;
    } while (chats.length < n && next !== null);
    this.#take(chats, next);
  }

  #merge(ids: ReadonlySet<ChatId>, found: readonly ChatRow[]): void {
    const rest = this.chats.filter(({ id }) => !ids.has(id));
    const last = rest.at(-1);
    const isSeen = (chat: ChatRow): boolean =>
      !this.hasMore || (last !== undefined && this.#compare(chat, last) < 0);
    const all = [...rest, ...found.filter(isSeen)];
    this.#take(
      all.sort((a, b) => this.#compare(a, b)),
      this.#next,
    );
  }

  /** The backend's order. */
  #compare(a: ChatRow, b: ChatRow): number {
    if (this.filters.order === 'activity' || this.filters.status === 'closed') {
      return b.last_activity_at - a.last_activity_at || (a.id < b.id ? 1 : -1);
    }
    const since = (chat: ChatRow): number => chat.waiting_since ?? Number.MAX_SAFE_INTEGER;
    return since(a) - since(b) || (a.id < b.id ? -1 : 1);
  }
}

/** Whether something can be done with a chat as it stands. */
export function fits(deed: OverseerDeed, chat: ChatRow): boolean {
  switch (deed.deed) {
    case 'give':
      return chat.status !== 'closed' && chat.owner_id !== deed.to;
    case 'close':
    case 'set_observers':
    case 'comment':
      return chat.status !== 'closed';
    case 'return_to_queue':
      return chat.status !== 'queued';
    case 'reopen':
      return chat.status === 'closed';
  }
}
