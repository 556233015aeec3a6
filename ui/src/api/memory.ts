/**
 * A panel that lives in memory: for unit tests, and for working on the page in a browser. It never
 * gets into the built page.
 *
 * It keeps to the rules that the page depends on (a reply is an echo first and an entry with the
 * same command id later, a refused reply is the draft again) and to none of the others.
 */
import type { Backend, Unlisten } from './backend';
import { FIXTURES, type World } from './fixtures';
import type { ChatId } from './generated/ChatId';
import type { ChatSummary } from './generated/ChatSummary';
import type { CommandId } from './generated/CommandId';
import type { DeliveryState } from './generated/DeliveryState';
import type { DraftRevision } from './generated/DraftRevision';
import type { EntryBody } from './generated/EntryBody';
import type { LastSignIn } from './generated/LastSignIn';
import type { OperatorId } from './generated/OperatorId';
import type { Overview } from './generated/Overview';
import type { PanelError } from './generated/PanelError';
import type { PanelErrorCode } from './generated/PanelErrorCode';
import type { PanelEvent } from './generated/PanelEvent';
import type { Place } from './generated/Place';
import type { Problem } from './generated/Problem';
import type { SessionView } from './generated/SessionView';
import type { SignInFailure } from './generated/SignInFailure';
import type { Timeline } from './generated/Timeline';
import type { MemoryChat } from './world';

/** A panel in the state that `fixture` names. */
export function memoryBackend(fixture: string): MemoryBackend {
  const build = FIXTURES[fixture] ?? FIXTURES.usual;
  const backend = new MemoryBackend(build(Date.now()), { answersAfterMs: 350 });
  if (fixture === 'busy') {
    let n = 0;
    setInterval(() => {
      n += 1;
      backend.clientWrites(n % 3 === 0 ? 'q3' : 'long', `Ещё одно сообщение, ${n}`);
    }, 2000);
  }
  return backend;
}

export interface MemoryOptions {
  /** How long the imagined backend takes; none answers only when told, by `settle`. */
  answersAfterMs?: number;
}

export class MemoryBackend implements Backend {
  readonly world: World;
  /** What the page asked for that has no other trace: banners, links, badges. */
  readonly asked: string[] = [];
  /** The next reply is refused with this. */
  refuseNext: { problem: Problem; ownerId: OperatorId | null } | null = null;
  /** Whether the system shows banners. */
  hasBanners = true;
  /** The next call rejects with this. */
  failNext: PanelErrorCode | null = null;

  readonly #options: MemoryOptions;
  readonly #listeners = new Set<(events: PanelEvent[]) => void>();
  readonly #chatListeners = new Set<(chatId: ChatId) => void>();
  #nCommands = 0;
  #signedOut: SessionView | null = null;

  constructor(world: World, options: MemoryOptions = {}) {
    this.world = world;
    this.#options = options;
    if (world.session === null) this.#signedOut = world.wouldBe;
  }

  async overview(): Promise<Overview> {
    this.#fail();
    const { world } = this;
    const me = world.session?.operator.id ?? '';
    const summaries = [...world.chats.values()].map((chat) => summaryOf(chat));
    const newestFirst = (a: ChatSummary, b: ChatSummary): number =>
      b.chat.last_activity_at - a.chat.last_activity_at;
    return {
      session: world.session,
      connection: world.connection,
      operators: world.operators,
      channels: world.channels,
      in_work: summaries
        .filter(({ chat }) => chat.status === 'in_work' && chat.owner_id === me)
        .sort(newestFirst),
      observed: summaries
        .filter(({ chat }) => chat.status === 'in_work' && chat.observer_ids.includes(me))
        .sort(newestFirst),
      queued: summaries
        .filter(({ chat }) => chat.status === 'queued')
        .sort((a, b) => (a.chat.waiting_since ?? 0) - (b.chat.waiting_since ?? 0)),
      shells: world.shells,
      clock_offset_ms: 0,
    };
  }

  async timeline(chatId: ChatId, before: Place | null, limit: number): Promise<Timeline> {
    this.#fail();
    const chat = this.world.chats.get(chatId);
    const shell = this.world.shells.find((one) => one.chat_id === chatId) ?? null;
    if (chat === undefined) return { ...NOTHING, shell };
    const until = before === null ? chat.entries.length : before - 1;
    const from = Math.max(0, until - limit);
    const isBeyondCache = this.world.connection.state !== 'live' && from < chat.nNotCached;
    const first = isBeyondCache ? chat.nNotCached : from;
    return {
      chat: summaryOf(chat),
      shell,
      entries: chat.entries.slice(first, Math.max(first, until)),
      has_older: first > 0,
      older_needs_connection: isBeyondCache,
      read_place: chat.readPlace,
      echoes: [...chat.echoes],
      draft: chat.draft,
      draft_revision: chat.draftRevision,
      held: chat.held,
    };
  }

  async reply(chatId: ChatId, text: string, seen: DraftRevision): Promise<CommandId> {
    this.#fail();
    const chat = this.#chat(chatId);
    const command_id = this.#commandId();
    chat.echoes.push({ command_id, text, written_at: Date.now(), is_handed_over: false });
    if (seen === chat.draftRevision) {
      // What was refused stood in the composer: this is what became of it.
      if (chat.held?.action === 'reply') chat.held = null;
      chat.draft = '';
    }
    this.#changed(chatId);
    this.#later(() => this.settle(chatId));
    return command_id;
  }

  /** The imagined backend answers what waits in the chat, unless there is no connection. */
  settle(chatId: ChatId): void {
    const chat = this.world.chats.get(chatId);
    const me = this.world.session?.operator.id;
    if (chat === undefined || me === undefined || this.world.connection.state !== 'live') return;
    for (const echo of chat.echoes.splice(0)) {
      if (this.refuseNext !== null) {
        const { problem, ownerId: owner_id } = this.refuseNext;
        this.refuseNext = null;
        chat.held = { command_id: echo.command_id, action: 'reply', problem, owner_id };
        chat.putBack(echo.text);
        continue;
      }
      if (chat.row.status === 'queued') {
        chat.row.status = 'in_work';
        chat.row.owner_id = me;
        chat.append({ kind: 'notice', notice: { what: 'taken', by: me } }, me, Date.now());
      }
      const delivery = { state: 'pending' as DeliveryState, failure: null, failure_details: null };
      const body: EntryBody = { kind: 'outbound', text: echo.text, delivery };
      const entry = chat.append(body, me, Date.now(), echo.command_id);
      chat.row.waiting_since = null;
      const states: DeliveryState[] = ['sending', 'sent', 'delivered', 'read'];
      states.forEach((state, index) => {
        this.#later(() => {
          const at = chat.entries.findIndex((one) => one.id === entry.id);
          chat.entries[at] = { ...entry, body: { ...body, delivery: { ...delivery, state } } };
          this.#changed(chatId);
        }, index + 1);
      });
    }
    this.#changed(chatId);
  }

  /** A client writes. */
  clientWrites(chatId: ChatId, text: string): void {
    const chat = this.#chat(chatId);
    chat.append({ kind: 'inbound', text }, null, Date.now());
    this.#changed(chatId);
  }

  async closeChat(chatId: ChatId): Promise<CommandId> {
    this.#fail();
    const chat = this.#chat(chatId);
    const me = this.world.session?.operator.id ?? '';
    this.#later(() => {
      chat.row.status = 'closed';
      chat.row.waiting_since = null;
      chat.append({ kind: 'notice', notice: { what: 'closed', by: me } }, me, Date.now());
      this.#changed(chatId);
    });
    return this.#commandId();
  }

  async reopenChat(chatId: ChatId): Promise<CommandId> {
    this.#fail();
    const chat = this.#chat(chatId);
    const me = this.world.session?.operator.id ?? '';
    this.#later(() => {
      chat.row.status = 'in_work';
      const owner = chat.row.owner_id ?? me;
      chat.append({ kind: 'notice', notice: { what: 'reopened', by: me, owner } }, me, Date.now());
      this.#changed(chatId);
    });
    return this.#commandId();
  }

  async takeBack(commandId: CommandId): Promise<boolean> {
    this.#fail();
    for (const [chatId, chat] of this.world.chats) {
      const at = chat.echoes.findIndex((echo) => echo.command_id === commandId);
      const echo = chat.echoes[at];
      if (echo === undefined || echo.is_handed_over) continue;
      chat.echoes.splice(at, 1);
      chat.putBack(echo.text);
      this.#changed(chatId);
      return true;
    }
    return false;
  }

  async sendAnyway(commandId: CommandId): Promise<CommandId> {
    const [chatId, chat] = this.#holding(commandId);
    const text = chat.draft;
    const isReply = chat.held?.action === 'reply';
    if (isReply && text.trim() === '') throw panelError('text_empty');
    chat.held = null;
    return isReply ? this.reply(chatId, text, chat.draftRevision) : this.closeChat(chatId);
  }

  async dismissHeld(commandId: CommandId): Promise<void> {
    const [chatId, chat] = this.#holding(commandId);
    chat.held = null;
    this.#changed(chatId);
  }

  async discardShell(chatId: ChatId): Promise<void> {
    this.#fail();
    this.world.shells = this.world.shells.filter((shell) => shell.chat_id !== chatId);
    this.#changed(chatId);
  }

  async setDraft(chatId: ChatId, text: string, seen: DraftRevision): Promise<void> {
    this.#fail();
    const chat = this.#chat(chatId);
    if (seen === chat.draftRevision) chat.draft = text;
    this.#emit({ event: 'overview_changed' });
  }

  async markRead(chatId: ChatId, place: Place): Promise<void> {
    const chat = this.#chat(chatId);
    chat.readPlace = Math.max(chat.readPlace, place);
    this.#emit({ event: 'overview_changed' });
  }

  async watch(chatId: ChatId | null, inFront: boolean): Promise<void> {
    this.asked.push(`watch ${chatId ?? 'nothing'} ${inFront ? 'in front' : 'behind'}`);
  }

  async signIn(address: string, login: string, password: string): Promise<SignInFailure | null> {
    await new Promise((resolve) => setTimeout(resolve, this.#options.answersAfterMs ?? 0));
    if (!/^(https?:\/\/)?[\w.-]+(:\d+)?\/?$/u.test(address)) return { why: 'bad_address' };
    if (/^http:\/\/(?!127\.0\.0\.1|localhost)/u.test(address)) return { why: 'plain_http' };
    if (address.includes('nowhere')) return { why: 'unreachable', details: 'connection refused' };
    if (password === 'wrong') {
      const problem: Problem = { code: 'wrong_password', message: '', details: {} };
      return { why: 'refused', problem };
    }
    this.asked.push(`sign in ${address} ${login}`);
    this.world.session = this.#signedOut;
    this.#emit({ event: 'overview_changed' });
    return null;
  }

  async signOut(force: boolean): Promise<void> {
    const isUnsent = [...this.world.chats.values()].some(
      (chat) => chat.draft !== '' || chat.echoes.length > 0,
    );
    if (isUnsent && !force) throw panelError('unsent_text');
    this.#signedOut = this.world.session;
    this.world.session = null;
    this.#emit({ event: 'overview_changed' });
  }

  async lastSignIn(): Promise<LastSignIn | null> {
    return this.world.lastSignIn;
  }

  async reconnect(): Promise<void> {
    this.world.connection = { state: 'connecting', since: Date.now() - 60_000 };
    this.#emit({ event: 'overview_changed' });
    this.#later(() => {
      this.world.connection = { state: 'live' };
      for (const chatId of this.world.chats.keys()) this.settle(chatId);
      this.#emit({ event: 'overview_changed' });
    }, 4);
  }

  async showBanner(chatId: ChatId, title: string, body: string): Promise<void> {
    if (!this.hasBanners) throw new Error('no_banners');
    this.asked.push(`banner ${chatId} ${title}: ${body}`);
  }

  async setBadge(n: number, title: string): Promise<void> {
    this.asked.push(`badge ${n} ${title}`);
  }

  async openLink(url: string): Promise<void> {
    this.#fail();
    this.asked.push(`open ${url}`);
  }

  async quit(): Promise<void> {
    this.asked.push('quit');
  }

  async onEvents(listener: (events: PanelEvent[]) => void): Promise<Unlisten> {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async onOpenChat(listener: (chatId: ChatId) => void): Promise<Unlisten> {
    this.#chatListeners.add(listener);
    return () => this.#chatListeners.delete(listener);
  }

  /** Tells the page something, as the panel would. */
  tell(event: PanelEvent): void {
    this.#emit(event);
  }

  /** A banner of the chat is clicked. */
  clickBanner(chatId: ChatId): void {
    for (const listener of this.#chatListeners) listener(chatId);
  }

  #chat(chatId: ChatId): MemoryChat {
    const chat = this.world.chats.get(chatId);
    if (chat === undefined) throw panelError('unknown_chat');
    return chat;
  }

  #holding(commandId: CommandId): [ChatId, MemoryChat] {
    this.#fail();
    for (const found of this.world.chats) {
      if (found[1].held?.command_id === commandId) return found;
    }
    throw panelError('unknown_chat');
  }

  #commandId(): CommandId {
    this.#nCommands += 1;
    return `command-${this.#nCommands}`;
  }

  #later(work: () => void, steps = 1): void {
    const { answersAfterMs } = this.#options;
    if (answersAfterMs !== undefined) setTimeout(work, answersAfterMs * steps);
  }

  #changed(chatId: ChatId): void {
    this.#emit({ event: 'timeline_changed', chat_id: chatId }, { event: 'overview_changed' });
  }

  #emit(...events: PanelEvent[]): void {
    for (const listener of this.#listeners) listener(events);
  }

  #fail(): void {
    const code = this.failNext;
    this.failNext = null;
    if (code !== null) throw panelError(code);
  }
}

const NOTHING: Timeline = {
  chat: null,
  shell: null,
  entries: [],
  has_older: false,
  older_needs_connection: false,
  read_place: 0,
  echoes: [],
  draft: '',
  draft_revision: 0,
  held: null,
};

function summaryOf(chat: MemoryChat): ChatSummary {
  const unread = chat.entries.filter(
    (entry) => entry.place > chat.readPlace && entry.body.kind.startsWith('inbound'),
  );
  return {
    chat: { ...chat.row },
    n_unread: unread.length,
    draft: chat.draft === '' ? null : chat.draft,
    n_waiting: chat.echoes.length,
    needs_look: chat.held !== null,
  };
}

/** What the methods of the panel reject with: a value, as it comes from the shell. */
function panelError(code: PanelErrorCode): PanelError & Error {
  return Object.assign(new Error(code), { code });
}
