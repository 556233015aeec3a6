/** One chat as it is read and written: its history, echoes, draft and refused command. */
import type { Backend } from '../api/backend';
import type { ChatId } from '../api/generated/ChatId';
import type { ChatSummary } from '../api/generated/ChatSummary';
import type { CommandId } from '../api/generated/CommandId';
import type { DraftRevision } from '../api/generated/DraftRevision';
import type { Echo } from '../api/generated/Echo';
import type { EntryRow } from '../api/generated/EntryRow';
import type { Held } from '../api/generated/Held';
import type { Place } from '../api/generated/Place';
import type { Shell } from '../api/generated/Shell';
import type { Timeline } from '../api/generated/Timeline';
import { mergeNewest, mergeOlder } from './history';
import { coalesced } from './reload';

/** How many entries are read at a time. */
const PAGE = 80;
/** How many of the newest are read again after a change, at most: ticks of older ones rarely move. */
const REREAD = 400;
/** How long typing must pause before the draft is kept. */
const DRAFT_PAUSE_MS = 300;

/** Longest text that WhatsApp takes in one message, in characters. */
export const MAX_REPLY_CHARS = 4096;

/** Where the reader was: the line at the top of the view, or the end. */
export type ReadingPosition = { key: string; offset: number } | 'end';

export class TimelineState {
  readonly chatId: ChatId;
  loading = $state<'first' | 'ready' | 'failed'>('first');
  chat = $state.raw<ChatSummary | null>(null);
  shell = $state.raw<Shell | null>(null);
  entries = $state.raw<EntryRow[]>([]);
  echoes = $state.raw<Echo[]>([]);
  held = $state.raw<Held | null>(null);
  hasOlder = $state(false);
  olderNeedsConnection = $state(false);
  isLoadingOlder = $state(false);
  draft = $state('');
  /** The "new" line stands after this place; none for no line. */
  newAfter = $state<Place | null>(null);
  /** How far this operator has read. */
  readPlace = $state<Place>(0);
  /** Where the reader was when the chat was left; none before it was ever shown. */
  position: ReadingPosition | null = null;

  /** Re-reads what is shown of the chat. */
  readonly refresh: () => Promise<void>;

  /** How many messages of the client came after what has been read. */
  readonly nNew = $derived(
    this.entries.filter((entry) => entry.place > this.readPlace && isInbound(entry)).length,
  );

  readonly #backend: Backend;
  /** What the panel has as the draft, as far as is known here. */
  #keptDraft = '';
  #draftTimer: ReturnType<typeof setTimeout> | undefined;
  #isDraftDirty = false;
  /** Keeps writes of the draft in order. */
  #draftWrites: Promise<void> = Promise.resolve();
  /** The latest revision of the draft that the composer holds. */
  #revision: DraftRevision = 0;

  constructor(backend: Backend, chatId: ChatId) {
    this.#backend = backend;
    this.chatId = chatId;
    this.refresh = coalesced(async () => {
      try {
        const first = this.loading !== 'ready';
        const limit = Math.min(REREAD, Math.max(PAGE, this.entries.length + 1));
        this.#take(await this.#backend.timeline(chatId, null, limit), first);
        this.loading = 'ready';
      } catch {
        if (this.loading !== 'ready') this.loading = 'failed';
      }
    });
  }

  /** Reads an older stretch. */
  async loadOlder(): Promise<void> {
    const first = this.entries[0];
    if (first === undefined || !this.hasOlder || this.isLoadingOlder) return;
    this.isLoadingOlder = true;
    try {
      const answer = await this.#backend.timeline(this.chatId, first.place, PAGE);
      this.entries = mergeOlder(answer.entries, this.entries);
      this.hasOlder = answer.has_older;
      this.olderNeedsConnection = answer.older_needs_connection;
    } catch {
      this.olderNeedsConnection = true;
    } finally {
      this.isLoadingOlder = false;
    }
  }

  /** Notes that everything up to `place` has been seen. */
  markRead(place: Place): void {
    if (place <= this.readPlace) return;
    this.readPlace = place;
    void this.#backend.markRead(this.chatId, place).catch(() => undefined);
  }

  /** Moves the "new" line: from now on it stands before the first message that was not seen. */
  resetNewLine(): void {
    this.newAfter = this.nNew > 0 ? this.readPlace : null;
  }

  /** What is in the composer, kept after a short pause. */
  write(text: string): void {
    this.draft = text;
    this.#isDraftDirty = true;
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => void this.flushDraft(), DRAFT_PAUSE_MS);
  }

  /** Keeps the draft now. */
  flushDraft(): Promise<void> {
    clearTimeout(this.#draftTimer);
    if (!this.#isDraftDirty) return this.#draftWrites;
    const [text, seen] = [this.draft, this.#revision];
    this.#isDraftDirty = false;
    this.#draftWrites = this.#draftWrites.then(async () => {
      try {
        await this.#backend.setDraft(this.chatId, text, seen);
        this.#keptDraft = text;
      } catch {
        // Kept in the composer all the same, and tried again with the next key.
        this.#isDraftDirty = this.draft === text;
      }
    });
    return this.#draftWrites;
  }

  /** Sends what is in the composer. It is empty at once, and holds the text again if that fails. */
  async send(): Promise<void> {
    const text = this.draft.trimEnd();
    if (text.trimStart() === '') return;
    // What comes back while this is on its way was not in it.
    const seen = this.#revision;
    clearTimeout(this.#draftTimer);
    this.#isDraftDirty = false;
    this.draft = '';
    this.newAfter = null;
    try {
      await this.#draftWrites;
      await this.#backend.reply(this.chatId, text, seen);
      this.#keptDraft = '';
    } catch (error) {
      this.write(this.draft === '' ? text : `${text}\n${this.draft}`);
      throw error;
    }
    await this.refresh();
  }

  /** Withdraws an echo; its text is the draft again. False if it was too late. */
  async takeBack(commandId: CommandId): Promise<boolean> {
    const typed = this.draft;
    await this.flushDraft();
    const isWithdrawn = await this.#backend.takeBack(commandId);
    await this.#adoptDraft(typed);
    return isWithdrawn;
  }

  /** Sends the held command knowing what is new, with the text as it now stands. */
  async sendAnyway(commandId: CommandId): Promise<void> {
    await this.flushDraft();
    await this.#backend.sendAnyway(commandId);
    await this.#adoptDraft(this.draft);
  }

  /** Lets the refused command go; its text stays. */
  async dismissHeld(commandId: CommandId): Promise<void> {
    await this.#backend.dismissHeld(commandId);
    await this.refresh();
  }

  /** Lets the refused command and its text go. */
  async discardHeld(commandId: CommandId): Promise<void> {
    this.write('');
    await this.flushDraft();
    await this.dismissHeld(commandId);
  }

  /** Takes the panel's draft, unless somebody has typed on since `typed`. */
  async #adoptDraft(typed: string): Promise<void> {
    await this.refresh();
    if (this.draft === typed && !this.#isDraftDirty) this.draft = this.#keptDraft;
  }

  #take(answer: Timeline, isFirst: boolean): void {
    const entries = mergeNewest(this.entries, answer.entries);
    const isLonger = entries.length > answer.entries.length;
    this.entries = entries;
    if (!isLonger) {
      this.hasOlder = answer.has_older;
      this.olderNeedsConnection = answer.older_needs_connection;
    } else if (!answer.older_needs_connection) {
      this.olderNeedsConnection = false;
    }
    this.chat = answer.chat;
    this.shell = answer.shell;
    this.echoes = answer.echoes;
    this.held = answer.held;
    this.readPlace = Math.max(this.readPlace, answer.read_place);
    if (isFirst) this.resetNewLine();
    this.#takeDraft(answer.draft, answer.draft_revision);
  }

  /**
   * The panel's draft replaces what is in the composer only when nothing unsaved would be lost.
   * Refused and withdrawn text comes back as the draft: if its author has begun another one
   * meanwhile, what came back stands above it.
   */
  #takeDraft(answered: string, revision: DraftRevision): void {
    const isPutBack = revision !== this.#revision;
    this.#revision = revision;
    if (!this.#isDraftDirty) {
      this.#keptDraft = answered;
      this.draft = answered;
    } else if (isPutBack && answered !== this.#keptDraft) {
      const returned = withoutEnd(answered, this.#keptDraft).trimEnd();
      this.#keptDraft = answered;
      this.write(this.draft === '' ? returned : `${returned}\n${this.draft}`);
    }
  }
}

function isInbound(entry: EntryRow): boolean {
  return entry.body.kind === 'inbound' || entry.body.kind === 'inbound_placeholder';
}

function withoutEnd(text: string, end: string): string {
  return end !== '' && text.endsWith(end) ? text.slice(0, text.length - end.length) : text;
}
