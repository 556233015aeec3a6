/** The search over everything that this device holds, as one types. */
import type { Backend } from '../api/backend';
import type { ChatId } from '../api/generated/ChatId';
import type { ChatRow } from '../api/generated/ChatRow';
import type { ClientId } from '../api/generated/ClientId';
import type { FoundEntry } from '../api/generated/FoundEntry';
import type { OperatorId } from '../api/generated/OperatorId';
import type { SearchCursor } from '../api/generated/SearchCursor';
import type { SearchOnly } from '../api/generated/SearchOnly';
import type { SearchPage } from '../api/generated/SearchPage';
import type { SearchQuery } from '../api/generated/SearchQuery';
import { dayBegin } from '../format/days';
import { coalesced } from './reload';

/** How many closed chats are shown before more are asked for. */
const FEW_CHATS = 3;
/** The most entries that are told at once. */
const MAX_LIMIT = 200;

/** What narrows the search besides words. Days are as date fields have them, empty for none. */
export interface SearchFilters {
  /** The client, with the name by which the filter is shown. */
  client: { id: ClientId; name: string } | null;
  authorId: OperatorId | null;
  from: string;
  until: string;
  only: SearchOnly | null;
}

const NO_FILTERS: SearchFilters = {
  client: null,
  authorId: null,
  from: '',
  until: '',
  only: null,
};

export class SearchState {
  /** Where it goes on. */
  #next = $state.raw<SearchCursor | null>(null);
  /** What is in the field. */
  text = $state('');
  filters = $state.raw<SearchFilters>(NO_FILTERS);
  /** What was found, and by which words. */
  entries = $state.raw<FoundEntry[]>([]);
  chats = $state.raw<ChatRow[]>([]);
  foundBy = $state('');
  /** Whether the closed chats that were found are shown, however many they are. */
  areAllChatsShown = $state(false);
  /** Whether there are more of them than are told. */
  hasMoreChats = $state(false);
  /** How much is held that cannot be found yet. */
  nMissing = $state(0);
  hasFailed = $state(false);

  readonly nFilters = $derived(
    [
      this.filters.client !== null,
      this.filters.authorId !== null,
      this.filters.from !== '' || this.filters.until !== '',
      this.filters.only !== null,
    ].filter(Boolean).length,
  );
  /** Whether anything is searched for. */
  readonly isOn = $derived(this.text.trim() !== '' || this.nFilters > 0);
  readonly shownChats = $derived(
    this.areAllChatsShown ? this.chats : this.chats.slice(0, FEW_CHATS),
  );
  readonly hasMore = $derived(this.#next !== null);

  readonly #backend: Backend;
  #isLoadingMore = false;
  /** What was read last, so that it is known whether the same is read again. */
  #asked = '';
  readonly #reload: () => Promise<void>;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#reload = coalesced(() => this.#read());
  }

  /** What is in the field is searched for at once. */
  type(text: string): void {
    const isSame = text.trim() === this.text.trim();
    this.text = text;
    if (!isSame) this.#anew();
  }

  /** Changes some filters. */
  narrow(filters: Partial<SearchFilters>): void {
    this.filters = { ...this.filters, ...filters };
    this.#anew();
  }

  clearFilters(): void {
    this.narrow(NO_FILTERS);
  }

  /** Searches for nothing any more. */
  clear(): void {
    this.text = '';
    this.clearFilters();
  }

  /** More can be found than before. */
  refresh(): void {
    if (this.isOn) void this.#reload();
  }

  /** A chat has changed: what was found in it may be gone, or read otherwise. */
  reread(chatId: ChatId): void {
    const isFound =
      this.entries.some(({ chat }) => chat.id === chatId) ||
      this.chats.some(({ id }) => id === chatId);
    if (isFound) this.refresh();
  }

  /** Reads what was found behind the last entry. */
  async loadMore(): Promise<void> {
    const after = this.#next;
    if (after === null || this.#isLoadingMore) return;
    this.#isLoadingMore = true;
    try {
      const page = await this.#backend.search({ ...this.#query(), after });
      // Something else may be searched for meanwhile.
      if (this.#next !== after) return;
      this.entries = [...this.entries, ...page.entries];
      this.#next = page.next;
      this.hasFailed = false;
    } catch {
      this.hasFailed = true;
    } finally {
      this.#isLoadingMore = false;
    }
  }

  #anew(): void {
    this.areAllChatsShown = false;
    if (this.isOn) void this.#reload();
    else
      this.#take({ entries: [], next: null, chats: [], has_more_chats: false, n_missing: 0 }, '');
  }

  async #read(): Promise<void> {
    const text = this.text.trim();
    try {
      const query = this.#query();
      const asked = JSON.stringify(query);
      const isAgain = asked === this.#asked;
      this.#asked = asked;
      // Nobody loses the row that they read since something can be found besides.
      const nShown = isAgain ? this.entries.length : 0;
      let page = await this.#backend.search(query);
      while (page.entries.length < nShown && page.next !== null) {
        const rest = { ...query, after: page.next, limit: MAX_LIMIT };
        const { entries, next } = await this.#backend.search(rest);
        page = { ...page, entries: [...page.entries, ...entries], next };
      }
      if (this.isOn) this.#take(page, text);
    } catch {
      this.hasFailed = true;
    }
  }

  #take(page: SearchPage, foundBy: string): void {
    this.entries = page.entries;
    this.chats = page.chats;
    this.hasMoreChats = page.has_more_chats;
    this.nMissing = page.n_missing;
    this.#next = page.next;
    this.foundBy = foundBy;
    this.hasFailed = false;
  }

  #query(): SearchQuery {
    const { client, authorId, from, until, only } = this.filters;
    const begin = dayBegin(from);
    const end = dayBegin(until, 1);
    return {
      text: this.text.trim(),
      ...(client === null ? {} : { client_id: client.id }),
      ...(authorId === null ? {} : { author_id: authorId }),
      ...(begin === null ? {} : { from: begin }),
      ...(end === null ? {} : { until: end }),
      ...(only === null ? {} : { only }),
    };
  }
}
