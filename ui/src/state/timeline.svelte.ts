/** One chat as it is read and written: its history, echoes, drafts and refused command. */
import type { Backend } from '../api/backend';
import type { ChatId } from '../api/generated/ChatId';
import type { ChatSummary } from '../api/generated/ChatSummary';
import type { CommandId } from '../api/generated/CommandId';
import type { ComposerMode } from '../api/generated/ComposerMode';
import type { DraftRevision } from '../api/generated/DraftRevision';
import type { DraftElsewhere } from '../api/generated/DraftElsewhere';
import type { Echo } from '../api/generated/Echo';
import type { EntryRow } from '../api/generated/EntryRow';
import type { Held } from '../api/generated/Held';
import type { OperatorId } from '../api/generated/OperatorId';
import type { Place } from '../api/generated/Place';
import type { Shell } from '../api/generated/Shell';
import type { Timeline } from '../api/generated/Timeline';
import { mentionsIn, type Named } from '../format/mentions';
import { mergeNewest, mergeOlder } from './history';
import { heldMode } from './problems';
import { coalesced } from './reload';

/** How many entries are read at first. */
const PAGE = 80;
/** How many are read at a time at most: more, the longer somebody goes on. */
const MAX_PAGE = 320;
/** How many of the newest are read again after a change, at most: ticks of older ones rarely move. */
const REREAD = 400;
/** Longest reply, which is what WhatsApp takes in one message, and longest comment, in characters. */
export const MAX_CHARS = 4096;

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
  /** Whether it was read since it was opened: what comes from then on is new. */
  isCurrent = $state(false);
  hasOlder = $state(false);
  olderNeedsConnection = $state(false);
  /** Whether older ones were asked for last and did not come: asked for at once they would not either. */
  isOlderStuck = $state(false);
  isLoadingOlder = $state(false);
  /** What the composer writes: both texts are kept, each for itself. */
  mode = $state<ComposerMode>('reply');
  /** Whom the comment calls, or called before their names were deleted from it. */
  mentions = $state.raw<OperatorId[]>([]);
  /** What was begun for whoever gets the chat: it outlives a transfer that is taken back. */
  transferNote = $state('');
  /** The "new" line stands after this place; none for no line. */
  newAfter = $state<Place | null>(null);
  /** How far this operator has read, on any device. */
  readPlace = $state<Place>(0);
  /** How far they have looked at it here: it counts as read when they come to the end. */
  #seenPlace = $state<Place>(0);
  /** Where the reader was when the chat was left; none before it was ever shown. */
  position: ReadingPosition | null = null;
  /** The entry that is to be shown, until it is. */
  target = $state<Place | null>(null);
  /** Whether the cursor is to go where one writes, until it is there. */
  isToBeWritten = $state(false);

  /** Re-reads what is shown of the chat. */
  readonly refresh: () => Promise<void>;
  /** Whether that is under way. */
  isBeingRead = false;

  /** What stands in the composers on another device, while the focus keeps it out of those here. */
  elsewhere = $state.raw<DraftElsewhere[]>([]);

  /** How many messages of the client came after what has been looked at. */
  readonly nNew = $derived(
    this.entries.filter((entry) => entry.place > this.#lookedAt && isInbound(entry)).length,
  );
  /** What another device has for the composer as it stands. */
  readonly offered = $derived(this.elsewhere.find(({ mode }) => mode === this.mode) ?? null);

  readonly #backend: Backend;
  readonly #nameOf: (id: OperatorId) => string;
  readonly #pads: Record<ComposerMode, Pad> = { reply: new Pad(), comment: new Pad() };
  #isModeDirty = false;
  /** Counts what is typed and sent, so that it is known whether there is more since. */
  #nTyped = 0;
  #isKeeping = false;
  #hasFocus = false;
  /** The mode whose text is read anew since the author asked for that. */
  #adopted: ComposerMode | null = null;
  /** Keeps writes of the drafts in order. */
  #draftWrites: Promise<void> = Promise.resolve();
  /** The latest revision of the drafts that the composer holds. */
  #revision: DraftRevision = 0;

  /** `nameOf` says by which names colleagues are called in comments. */
  constructor(backend: Backend, chatId: ChatId, nameOf: (id: OperatorId) => string = (id) => id) {
    this.#backend = backend;
    this.#nameOf = nameOf;
    this.chatId = chatId;
    this.refresh = coalesced(async () => {
      this.isBeingRead = true;
      try {
        const first = this.loading !== 'ready';
        const limit = Math.min(REREAD, Math.max(PAGE, this.entries.length + 1));
        const nTyped = this.#nTyped;
        // What is held is shown at once. Of what stands here nothing may be left as it was.
        const atLeast = Math.min(REREAD, Math.max(1, this.entries.length));
        const answer = await this.#backend.timeline(chatId, null, limit, atLeast);
        // Of the drafts it may say how they stood before what was typed or sent meanwhile.
        const isBehind = nTyped !== this.#nTyped;
        this.#take(answer, first, isBehind);
        this.loading = 'ready';
        if (isBehind) void this.refresh();
      } catch {
        if (this.loading !== 'ready') this.loading = 'failed';
      } finally {
        this.isBeingRead = false;
      }
    });
  }

  /** Reads an older stretch. */
  async loadOlder(): Promise<void> {
    if (!this.hasOlder || this.isLoadingOlder) return;
    this.isLoadingOlder = true;
    try {
      const first = this.entries[0];
      if (first === undefined) {
        await this.refresh();
        return;
      }
      const limit = Math.min(MAX_PAGE, Math.max(PAGE, this.entries.length >> 1));
      const answer = await this.#backend.timeline(this.chatId, first.place, limit, 1);
      const isAnythingNew = answer.entries.length > 0;
      if (isAnythingNew) this.entries = mergeOlder(answer.entries, this.entries);
      this.hasOlder = answer.has_older;
      this.isOlderStuck = this.hasOlder && !isAnythingNew;
      this.olderNeedsConnection = answer.older_needs_connection;
    } catch {
      this.olderNeedsConnection = true;
      this.isOlderStuck = true;
    } finally {
      this.isLoadingOlder = false;
    }
  }

  /**
   * Notes that everything up to `place` has been looked at. Once that is the end, the chat has been
   * read, which the panel is told.
   */
  look(place: Place, isEnd: boolean): void {
    if (place > this.#seenPlace) this.#seenPlace = place;
    if (!isEnd || place <= this.readPlace) return;
    this.readPlace = place;
    void this.#backend.markRead(this.chatId, place).catch(() => undefined);
  }

  get #lookedAt(): Place {
    return Math.max(this.#seenPlace, this.readPlace);
  }

  /** Moves the "new" line: from now on it stands before the first message that was not looked at. */
  resetNewLine(): void {
    this.newAfter = this.nNew > 0 ? this.#lookedAt : null;
  }

  /** What is in the composer. */
  get draft(): string {
    return this.#pads[this.mode].text;
  }

  /** What was begun in a mode. */
  draftOf(mode: ComposerMode): string {
    return this.#pads[mode].text;
  }

  /** Those whom the comment may call, by the names that it calls them by. */
  get called(): Named[] {
    return this.mentions.map((id) => ({ id, name: this.#nameOf(id) }));
  }

  /** Whether something stands in the composers that the panel could not keep yet. */
  get isUnkept(): boolean {
    return !this.#pads.reply.isSettled || !this.#pads.comment.isSettled;
  }

  /** What is in the composer, kept at once. */
  write(text: string): void {
    this.#write(this.mode, text);
  }

  /** Writes a text that is for the client below the reply that was begun. */
  addToReply(text: string): void {
    const begun = this.draftOf('reply');
    this.setMode('reply');
    this.#write('reply', begun.trim() === '' ? text : `${begun}\n${text}`);
  }

  /** Turns the composer to a mode, whose own text it then holds. */
  setMode(mode: ComposerMode): void {
    if (mode === this.mode) return;
    this.mode = mode;
    this.#isModeDirty = true;
    void this.flushDraft();
    if (this.#hasFocus) this.#tellFocus();
  }

  /**
   * Tells whether the composer has the focus. While it has, nothing is put into it but by its author;
   * when it is left, what came from another device meanwhile is.
   */
  setFocus(hasFocus: boolean): void {
    if (hasFocus === this.#hasFocus) return;
    this.#hasFocus = hasFocus;
    this.#tellFocus();
  }

  #tellFocus(): void {
    const { mode } = this;
    if (this.#hasFocus) {
      void this.#backend.focusComposer(this.chatId, mode).catch(() => undefined);
      return;
    }
    // What was typed comes first, so that it is not taken for older than what came.
    void this.flushDraft()
      .then(() => this.#backend.leaveComposer(this.chatId, mode))
      .then(() => this.refresh())
      .catch(() => undefined);
  }

  /** Takes what another device has for the composer, above what was typed here since. */
  async takeElsewhere(): Promise<void> {
    const { mode } = this;
    const typed = this.draftOf(mode);
    await this.flushDraft();
    await this.#backend.takeElsewhere(this.chatId, mode);
    await this.#adoptDraft(mode, typed);
  }

  /** Lets what is in the composer stand, on the other devices too. */
  async dropElsewhere(): Promise<void> {
    await this.flushDraft();
    await this.#backend.dropElsewhere(this.chatId, this.mode);
    await this.refresh();
  }

  /**
   * `text` is what the composer holds, calling a colleague. A call is only ever a comment: what was
   * begun as a reply becomes one, below the comment that was begun. Never the other way round.
   */
  call(id: OperatorId, text: string): void {
    this.mentions = union(this.mentions, [id]);
    if (this.mode === 'comment') {
      this.#write('comment', text);
      return;
    }
    const begun = this.draftOf('comment');
    // Kept together, by the turn to comments.
    this.#put('comment', begun === '' ? text : `${begun}\n${text}`);
    this.#put('reply', '');
    this.setMode('comment');
  }

  /** Keeps the drafts now, and in which mode the composer stands. */
  flushDraft(): Promise<void> {
    // The present text first: what is moved from one to the other is in both for a while, not in
    // neither. The mode that is kept is that of the text kept last.
    const modes = [this.mode, otherThan(this.mode)].filter((mode) => this.#pads[mode].isDirty);
    const isAnythingNew = modes.length > 0 || this.#isModeDirty;
    if (isAnythingNew && modes.at(-1) !== this.mode) modes.push(this.mode);
    this.#isModeDirty = false;
    for (const mode of modes) this.#keep(mode);
    return this.#draftWrites;
  }

  #keep(mode: ComposerMode): void {
    const pad = this.#pads[mode];
    const [text, seen] = [pad.text, this.#revision];
    const mentions = mode === 'comment' ? mentionsIn(text, this.called) : [];
    pad.isDirty = false;
    const arrived = pad.begin(text);
    this.#draftWrites = this.#draftWrites.then(async () => {
      try {
        await this.#backend.setDraft(this.chatId, mode, text, mentions, seen);
        pad.kept = text;
      } catch {
        // Kept in the composer all the same, and tried again with the next key.
        pad.isDirty ||= pad.text === text;
        this.#isModeDirty = true;
      } finally {
        arrived();
      }
    });
  }

  #put(mode: ComposerMode, text: string): void {
    const pad = this.#pads[mode];
    pad.text = text;
    pad.isDirty = true;
    this.#nTyped += 1;
  }

  #write(mode: ComposerMode, text: string): void {
    this.#put(mode, text);
    void this.#keepTyped();
  }

  /** Keeps each key at once. What is typed while one is on its way goes with the next. */
  async #keepTyped(): Promise<void> {
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    let nKept: number;
    do {
      nKept = this.#nTyped;
      await this.flushDraft();
    } while (nKept !== this.#nTyped);
    this.#isKeeping = false;
  }

  /** Sends what is in the composer. It is empty at once, and holds the text again if that fails. */
  async send(): Promise<void> {
    const mode = this.mode;
    const pad = this.#pads[mode];
    const text = pad.text.trimEnd();
    if (text.trimStart() === '') return;
    // What comes back while this is on its way was not in it.
    const seen = this.#revision;
    const { mentions } = this;
    const called = mentionsIn(text, this.called);
    pad.isDirty = false;
    pad.text = '';
    this.#nTyped += 1;
    if (mode === 'comment') this.mentions = [];
    this.newAfter = null;
    const arrived = pad.begin('');
    // In its turn among the writes: what is typed next is kept after this has emptied the draft.
    const sent = this.#draftWrites.then(() =>
      mode === 'reply'
        ? this.#backend.reply(this.chatId, text, seen)
        : this.#backend.comment(this.chatId, text, called, seen),
    );
    this.#draftWrites = sent.then(
      () => undefined,
      () => undefined,
    );
    try {
      await sent;
      pad.kept = '';
    } catch (error) {
      if (mode === 'comment') this.mentions = union(mentions, this.mentions);
      this.#write(mode, pad.text === '' ? text : `${text}\n${pad.text}`);
      throw error;
    } finally {
      arrived();
    }
    await this.refresh();
  }

  /** Withdraws an echo; its text is the draft again. False if it was too late. */
  async takeBack(commandId: CommandId): Promise<boolean> {
    const echo = this.echoes.find((one) => one.command_id === commandId);
    const mode = echo?.mode ?? this.mode;
    const typed = this.draftOf(mode);
    await this.flushDraft();
    const isWithdrawn = await this.#backend.takeBack(commandId);
    await this.#adoptDraft(mode, typed);
    if (isWithdrawn) this.setMode(mode);
    return isWithdrawn;
  }

  /** Sends the held command knowing what is new, with the text as it now stands. */
  async sendAnyway(commandId: CommandId): Promise<void> {
    const mode = this.#heldMode() ?? this.mode;
    await this.flushDraft();
    await this.#backend.sendAnyway(commandId);
    await this.#adoptDraft(mode, this.draftOf(mode));
  }

  /** Lets the refused command go, so that its text can be changed. */
  async editHeld(commandId: CommandId): Promise<void> {
    const mode = this.#heldMode();
    if (mode !== null) this.setMode(mode);
    await this.dismissHeld(commandId);
  }

  /** Lets the refused command go; its text stays. */
  async dismissHeld(commandId: CommandId): Promise<void> {
    await this.#backend.dismissHeld(commandId);
    await this.refresh();
  }

  /** Lets the refused command and its text go. */
  async discardHeld(commandId: CommandId): Promise<void> {
    const mode = this.#heldMode();
    if (mode !== null) this.#write(mode, '');
    await this.flushDraft();
    await this.dismissHeld(commandId);
  }

  /** Takes the panel's draft, unless somebody has typed on since `typed`. */
  async #adoptDraft(mode: ComposerMode, typed: string): Promise<void> {
    this.#adopted = mode;
    await this.refresh();
    this.#adopted = null;
    const pad = this.#pads[mode];
    if (pad.text === typed && pad.isSettled) pad.text = pad.kept;
  }

  #heldMode(): ComposerMode | null {
    return this.held === null ? null : heldMode(this.held.action);
  }

  #take(answer: Timeline, isFirst: boolean, isBehind: boolean): void {
    this.isOlderStuck = answer.has_older && answer.entries.length === 0;
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
    // Whoever got the chat got the words with it.
    if (answer.chat === null) this.transferNote = '';
    this.shell = answer.shell;
    this.echoes = answer.echoes;
    this.held = answer.held;
    this.elsewhere = answer.elsewhere;
    this.#takeMark(answer.read_place);
    // What has come before it was opened is new to whoever has just opened it.
    if (isFirst || !this.isCurrent) this.resetNewLine();
    if (isFirst || !isBehind) this.#takeDrafts(answer, isFirst);
  }

  /** What was read on another device is not new here either. */
  #takeMark(place: Place): void {
    const isFromElsewhere = place > this.#lookedAt;
    this.readPlace = Math.max(this.readPlace, place);
    if (isFromElsewhere && this.newAfter !== null) this.resetNewLine();
  }

  #takeDrafts(answer: Timeline, isFirst: boolean): void {
    const isPutBack = answer.draft_revision !== this.#revision;
    // What is not shown is not known here either: it stays besides what is typed.
    const isShown = !this.#wouldOverwrite('reply', answer.draft);
    if (!isShown || this.#wouldOverwrite('comment', answer.comment.text)) return;
    this.#revision = answer.draft_revision;
    if (this.#pads.comment.isSettled) this.mentions = answer.comment.mentions;
    else if (isPutBack) this.mentions = union(this.mentions, answer.comment.mentions);
    this.#takeDraft('reply', answer.draft, isPutBack);
    this.#takeDraft('comment', answer.comment.text, isPutBack);
    // The mode is the author's: whoever writes a comment must not find themselves writing to the
    // client because a reply came back. The other way nothing can leave by mistake.
    const isTurned = isPutBack && answer.mode === 'comment' && this.draftOf('reply') === '';
    if (isFirst || isTurned) this.mode = answer.mode;
  }

  /**
   * Whether taking the panel's draft would take words from under the cursor. The panel keeps what
   * comes from elsewhere out of a composer that has the focus; here it is made sure of for the moment
   * in which the panel has not heard of it.
   */
  #wouldOverwrite(mode: ComposerMode, answered: string): boolean {
    const pad = this.#pads[mode];
    const isOpen = this.#hasFocus && this.mode === mode && this.#adopted !== mode;
    // Until it is read, what stands here may be old.
    return this.isCurrent && isOpen && pad.isSettled && !answered.endsWith(pad.text);
  }

  /**
   * The panel's draft replaces what is in the composer only when nothing unsaved would be lost.
   * Refused and withdrawn text comes back as the draft: if its author has begun another one
   * meanwhile, what came back stands above it.
   */
  #takeDraft(mode: ComposerMode, answered: string, isPutBack: boolean): void {
    const pad = this.#pads[mode];
    if (pad.isSettled) {
      pad.kept = answered;
      pad.text = answered;
    } else if (isPutBack && !pad.isKnown(answered)) {
      const returned = pad.withoutKnown(answered).trimEnd();
      pad.kept = answered;
      this.#write(mode, pad.text === '' ? returned : `${returned}\n${pad.text}`);
    }
  }
}

/** A text that was begun in the composer. */
class Pad {
  text = $state('');
  /** What the panel has, as far as is known here. */
  kept = '';
  /** Whether it was changed since it was last given to the panel. */
  isDirty = false;
  /** What was given to the panel and may not have arrived. */
  #onTheirWay: string[] = [];

  /** Whether nothing here is newer than what the panel answers. */
  get isSettled(): boolean {
    return !this.isDirty && this.#onTheirWay.length === 0;
  }

  /** Notes that a text is on its way; the answer is called once it has arrived or failed to. */
  begin(text: string): () => void {
    this.#onTheirWay.push(text);
    return () => {
      this.#onTheirWay.splice(this.#onTheirWay.indexOf(text), 1);
    };
  }

  /** Whether the panel's text is one that it has from here. */
  isKnown(answered: string): boolean {
    return answered === this.kept || this.#onTheirWay.includes(answered);
  }

  /** The panel's text without what it has from here, which stands at its end. */
  withoutKnown(answered: string): string {
    const ends = [this.kept, ...this.#onTheirWay].filter((end) => answered.endsWith(end));
    const longest = Math.max(0, ...ends.map((end) => end.length));
    return answered.slice(0, answered.length - longest);
  }
}

function isInbound(entry: EntryRow): boolean {
  return entry.body.kind === 'inbound' || entry.body.kind === 'inbound_placeholder';
}

function otherThan(mode: ComposerMode): ComposerMode {
  return mode === 'reply' ? 'comment' : 'reply';
}

function union<T>(some: readonly T[], others: readonly T[]): T[] {
  return [...new Set([...some, ...others])];
}
