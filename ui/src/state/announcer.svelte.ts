/**
 * What is told to those who listen: messages that come into the open chat, chats that come into the
 * queue, and that something of mine did not arrive. Each is told once; what was there when a chat was
 * opened, what one has written oneself and what happened by itself is not told.
 */
import type { ChatId } from '../api/generated/ChatId';
import type { ChatRow } from '../api/generated/ChatRow';
import type { EntryRow } from '../api/generated/EntryRow';
import type { IntegrationId } from '../api/generated/IntegrationId';
import type { OperatorId } from '../api/generated/OperatorId';
import type { Overview } from '../api/generated/Overview';
import type { Place } from '../api/generated/Place';
import { failureText, placeholderTitle } from '../format/entries';
import { clientName } from '../format/people';
import { m } from '../paraglide/messages';

/** More of these at once are told by their number. */
const MOST = 3;
/** How much of a text is told; the rest can be read in the history. */
const MAX_CHARS = 200;
/** How many sentences stay: what is taken away is not told again. */
const KEPT = 4;

export interface Sentence {
  readonly id: number;
  readonly text: string;
}

/** A chat that is open. */
export interface OpenChat {
  readonly chatId: ChatId;
  /** None while it is not known. */
  readonly client: ChatRow['client'] | null;
  readonly entries: readonly EntryRow[];
  /** Whether it was read since it was opened. */
  readonly isCurrent: boolean;
}

/** How colleagues and programs are called, and who I am. */
export interface Names {
  readonly me: OperatorId | null;
  operator(id: OperatorId): string;
  program(id: IntegrationId | null): string;
}

/** What is known of the open chat. */
interface Heard {
  chatId: ChatId;
  place: Place;
  failed: Set<Place>;
}

export class Announcer {
  /** Told when there is a pause. */
  polite = $state.raw<readonly Sentence[]>([]);
  /** Told at once. */
  urgent = $state.raw<readonly Sentence[]>([]);

  readonly #names: Names;
  #heard: Heard | null = null;
  #queued: Set<ChatId> | null = null;
  #n = 0;

  constructor(names: Names) {
    this.#names = names;
  }

  /** Hears what has come into the open chat. */
  hearChat(open: OpenChat | null): void {
    const { me } = this.#names;
    if (open?.isCurrent !== true) {
      this.#heard = null;
      return;
    }
    const { chatId, entries, client } = open;
    const failed = new Set(entries.filter(hasFailed).map(({ place }) => place));
    const place = entries.at(-1)?.place ?? 0;
    const heard = this.#heard;
    this.#heard = { chatId, place: Math.max(place, heard?.place ?? 0), failed };
    if (heard?.chatId !== chatId) {
      this.#heard.place = place;
      return;
    }
    const name = client === null ? m.client() : clientName(client);
    const news = entries
      .filter((entry) => entry.place > heard.place)
      .map((entry) => this.#worded(entry, name))
      .filter((text) => text !== null);
    if (news.length > MOST)
      this.#tell(m.announced_messages({ count: news.length, n: news.length }));
    else for (const text of news) this.#tell(text);
    for (const entry of entries) {
      if (!failed.has(entry.place) || heard.failed.has(entry.place)) continue;
      if (entry.author_id !== me || entry.body.kind !== 'outbound') continue;
      const why = failureText(entry.body.delivery.failure);
      this.urgent = this.#with(
        this.urgent,
        m.announced_failed({ text: short(entry.body.text), why }),
      );
    }
  }

  /** Takes away what was told: it is for nobody who comes after. */
  forget(): void {
    this.polite = [];
    this.urgent = [];
  }

  /** Hears what has come into the queue. */
  hearQueue(overview: Pick<Overview, 'session' | 'queued'> | null, open: ChatId | null): void {
    if (overview === null || overview.session === null) {
      this.#queued = null;
      return;
    }
    const before = this.#queued;
    this.#queued = new Set(overview.queued.map(({ chat }) => chat.id));
    if (before === null) return;
    // What comes into the chat that is open is told as what it is.
    const news = overview.queued.filter(({ chat }) => !before.has(chat.id) && chat.id !== open);
    const [first] = news;
    if (first === undefined) return;
    if (news.length === 1)
      this.#tell(m.announced_queued({ client: clientName(first.chat.client) }));
    else this.#tell(m.announced_queued_several({ count: news.length, n: news.length }));
  }

  /** Who has written what; nothing for what is not told. */
  #worded(entry: EntryRow, client: string): string | null {
    const { body, author_id, integration_id } = entry;
    if (body.kind === 'inbound') return `${client}: ${short(body.text)}`;
    if (body.kind === 'inbound_placeholder') {
      const caption = body.caption ?? '';
      const what = placeholderTitle(body.placeholder);
      return `${client}: ${what}${caption === '' ? '' : `. ${short(caption)}`}`;
    }
    if (body.kind === 'notice' || author_id === this.#names.me || entry.automatic !== undefined)
      return null;
    const name =
      author_id === null ? this.#names.program(integration_id) : this.#names.operator(author_id);
    const who = body.kind === 'comment' ? m.comment_by({ name }) : name;
    return `${who}: ${short(body.text)}`;
  }

  #tell(text: string): void {
    this.polite = this.#with(this.polite, text);
  }

  #with(told: readonly Sentence[], text: string): Sentence[] {
    this.#n += 1;
    return [...told, { id: this.#n, text }].slice(-KEPT);
  }
}

function hasFailed({ body }: EntryRow): boolean {
  return body.kind === 'outbound' && body.delivery.state === 'failed';
}

function short(text: string): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  const chars = [...line];
  return chars.length <= MAX_CHARS ? line : `${chars.slice(0, MAX_CHARS).join('').trimEnd()}…`;
}
