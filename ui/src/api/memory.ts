/**
 * A panel that lives in memory: for unit tests, and for working on the page in a browser. It never
 * gets into the built page.
 *
 * It keeps to the rules that the page depends on (a reply is an echo first and an entry with the
 * same command id later, a refused reply is the draft again) and to none of the others.
 */
import type { Badge, DesktopChange, DesktopView, Link, Wish } from './desktop';
import type { Administration } from './generated/Administration';
import type { AuditPage } from './generated/AuditPage';
import type { AuditQuery } from './generated/AuditQuery';
import type { ChannelHealth } from './generated/ChannelHealth';
import type { ManagedIntegration } from './generated/ManagedIntegration';
import type { ManagedOperator } from './generated/ManagedOperator';
import type { SessionRow } from './generated/SessionRow';
import type { Backend, Banner, BannerClick, Unlisten } from './backend';
import type { BannerKey } from './generated/BannerKey';
import type { NotificationChoices } from './generated/NotificationChoices';
import type { NotificationLine } from './generated/NotificationLine';
import type { NotificationSettings } from './generated/NotificationSettings';
import { MemoryDesktop } from './memory-desktop';
import { FIXTURES, type World } from './fixtures';
import type { AnswerScope } from './generated/AnswerScope';
import type { ArchivePage } from './generated/ArchivePage';
import type { ArchiveQuery } from './generated/ArchiveQuery';
import type { ChannelId } from './generated/ChannelId';
import type { ChannelRow } from './generated/ChannelRow';
import type { ChatDeed } from './generated/ChatDeed';
import type { ChatId } from './generated/ChatId';
import type { ChatSummary } from './generated/ChatSummary';
import type { ChatsPage } from './generated/ChatsPage';
import type { ChatsQuery } from './generated/ChatsQuery';
import type { ClientHistory } from './generated/ClientHistory';
import type { CommandId } from './generated/CommandId';
import type { ComposerMode } from './generated/ComposerMode';
import type { DeedOutcome } from './generated/DeedOutcome';
import type { DeliveryState } from './generated/DeliveryState';
import type { DirectionFound } from './generated/DirectionFound';
import type { DirectionTrial } from './generated/DirectionTrial';
import type { DraftRevision } from './generated/DraftRevision';
import type { EntryBody } from './generated/EntryBody';
import type { FiguresQuery } from './generated/FiguresQuery';
import type { HeldAction } from './generated/HeldAction';
import type { HistoryKept } from './generated/HistoryKept';
import type { HistoryPage } from './generated/HistoryPage';
import type { LastSignIn } from './generated/LastSignIn';
import type { Notice } from './generated/Notice';
import type { Onlooker } from './generated/Onlooker';
import type { OperatorId } from './generated/OperatorId';
import type { OverseenChat } from './generated/OverseenChat';
import type { OverseerDeed } from './generated/OverseerDeed';
import type { Overview } from './generated/Overview';
import type { PanelError } from './generated/PanelError';
import type { PanelErrorCode } from './generated/PanelErrorCode';
import type { PanelEvent } from './generated/PanelEvent';
import type { Place } from './generated/Place';
import type { Problem } from './generated/Problem';
import type { ReadyAnswerBody } from './generated/ReadyAnswerBody';
import type { ReadyAnswerId } from './generated/ReadyAnswerId';
import type { ReadyAnswerImport } from './generated/ReadyAnswerImport';
import type { ReadyAnswerRow } from './generated/ReadyAnswerRow';
import type { RevisedDirections } from './generated/RevisedDirections';
import type { RevisedHours } from './generated/RevisedHours';
import type { RevisedTexts } from './generated/RevisedTexts';
import type { SearchPage } from './generated/SearchPage';
import type { SearchQuery } from './generated/SearchQuery';
import type { ServiceFigures } from './generated/ServiceFigures';
import type { SessionView } from './generated/SessionView';
import type { SignInFailure } from './generated/SignInFailure';
import type { TableLanguage } from './generated/TableLanguage';
import type { Timeline } from './generated/Timeline';
import type { WatchedChat } from './generated/WatchedChat';
import type { Workload } from './generated/Workload';
import { exportAnswers, importAnswers, putAnswer } from './memory-answers';
import { archive, archived, card, search } from './memory-archive';
import { nothingAutomatic, put, tryRules } from './memory-automatic';
import * as administration from './memory-administration';
import { figures } from './memory-figures';
import { chats, late, MemoryOverseer, workload } from './memory-oversight';
import { joined, type MemoryChat, type WorldEcho } from './world';

/** How long a deed that can be taken back waits. */
const UNDO_MS = 5000;

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
  /** What supervisors have set of automatic texts. */
  readonly automatic = nothingAutomatic();
  /** What the page asked for that has no other trace: banners, links, badges. */
  readonly asked: string[] = [];
  /** What was saved as a file, by the name that was proposed. */
  readonly saved = new Map<string, string | Uint8Array>();
  /** The next reply, comment or deed is refused with this. */
  refuseNext: { problem: Problem; ownerId: OperatorId | null } | null = null;
  /** The desktop around the window, and what its tray shows. */
  readonly desk = new MemoryDesktop();
  badge: Badge | null = null;
  /** Whether the system shows banners. */
  hasBanners = true;
  /** The next call rejects with this. */
  failNext: PanelErrorCode | null = null;

  /** What was given to several chats at once. */
  readonly overseer: MemoryOverseer;
  /** Whether the page said that everybody's chats are on the screen. */
  isOverseeing = false;

  readonly #options: MemoryOptions;
  readonly #listeners = new Set<(events: PanelEvent[]) => void>();
  readonly #clickListeners = new Set<(click: BannerClick) => void>();
  #nCommands = 0;
  #signedOut: SessionView | null = null;
  /** The composer that has the focus. */
  #focus: string | null = null;

  constructor(world: World, options: MemoryOptions = {}) {
    this.world = world;
    this.#options = options;
    this.overseer = new MemoryOverseer(world, doDeed);
    if (world.session === null) this.#signedOut = world.wouldBe;
  }

  async overview(): Promise<Overview> {
    this.#fail();
    const { world } = this;
    const me = world.session?.operator.id ?? '';
    const summaries = [...world.chats.values()].map((chat) => summaryOf(chat, me));
    const newestFirst = (a: ChatSummary, b: ChatSummary): number =>
      b.chat.last_activity_at - a.chat.last_activity_at;
    return {
      session: world.session,
      connection: world.connection,
      operators: world.operators,
      presence: world.connection.state === 'live' ? world.presence : [],
      channels: world.channels,
      integrations: world.integrations,
      company: world.company,
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
      late: late(world),
      clock_offset_ms: 0,
    };
  }

  async timeline(chatId: ChatId, before: Place | null, limit: number): Promise<Timeline> {
    this.#fail();
    const chat = this.world.chats.get(chatId);
    const shell = this.world.shells.find((one) => one.chat_id === chatId) ?? null;
    const me = this.world.session?.operator.id ?? '';
    if (chat === undefined || !isSeen(chat, me)) return { ...NOTHING, shell };
    const until = before === null ? chat.entries.length : before - 1;
    const from = Math.max(0, until - limit);
    const isBeyondCache = this.world.connection.state !== 'live' && from < chat.nNotCached;
    const first = isBeyondCache ? chat.nNotCached : from;
    return {
      chat: summaryOf(chat, me),
      shell,
      entries: chat.entries.slice(first, Math.max(first, until)),
      has_older: first > 0,
      older_needs_connection: isBeyondCache,
      read_place: chat.readPlace,
      echoes: [...chat.echoes],
      draft: chat.draft,
      comment: chat.comment,
      mode: chat.mode,
      draft_revision: chat.draftRevision,
      elsewhere: chat.elsewhere,
      held: chat.held,
    };
  }

  async reply(chatId: ChatId, text: string, seen: DraftRevision): Promise<CommandId> {
    this.#fail();
    return this.#write(chatId, 'reply', text, [], seen);
  }

  async comment(
    chatId: ChatId,
    text: string,
    mentions: OperatorId[],
    seen: DraftRevision,
  ): Promise<CommandId> {
    this.#fail();
    return this.#write(chatId, 'comment', text, mentions, seen);
  }

  #write(
    chatId: ChatId,
    mode: ComposerMode,
    text: string,
    mentions: OperatorId[],
    seen: DraftRevision,
  ): CommandId {
    const chat = this.#chat(chatId);
    // Whoever goes on to something else meant what waits.
    this.#carryOut(chat);
    const command_id = this.#commandId();
    const written_at = Date.now();
    chat.echoes.push({ command_id, mode, text, mentions, written_at, is_handed_over: false });
    if (seen === chat.draftRevision) {
      // What was refused stood in the composer: this is what became of it.
      if (chat.held?.action === mode) chat.held = null;
      chat.unseen[mode] = '';
    }
    if (mode === 'reply') chat.draft = chat.unseen.reply;
    else chat.comment = { text: chat.unseen.comment, mentions: [] };
    this.#changed(chatId);
    this.#later(() => this.settle(chatId));
    return command_id;
  }

  /** The imagined backend answers what waits in the chat, unless there is no connection. */
  settle(chatId: ChatId): void {
    const chat = this.world.chats.get(chatId);
    const me = this.world.session?.operator.id;
    if (chat === undefined || me === undefined || this.world.connection.state !== 'live') return;
    this.#carryOut(chat);
    chat.reopens?.();
    chat.reopens = null;
    for (const echo of chat.echoes.splice(0)) {
      if (this.#isRefused(chat, echo.command_id, echo.mode)) {
        chat.putBack(echo);
        continue;
      }
      if (echo.mode === 'comment') {
        this.#addComment(chat, me, echo);
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

  /** The next command of the chat is refused if it was said to be. */
  #isRefused(chat: MemoryChat, command_id: CommandId, action: HeldAction): boolean {
    if (this.refuseNext === null) return false;
    const { problem, ownerId: owner_id } = this.refuseNext;
    this.refuseNext = null;
    chat.held = { command_id, action, problem, owner_id };
    return true;
  }

  #addComment(chat: MemoryChat, me: OperatorId, echo: WorldEcho): void {
    const mentions = echo.mentions ?? [];
    const body: EntryBody = { kind: 'comment', text: echo.text, mentions };
    chat.append(body, me, Date.now(), echo.command_id);
    for (const observer of mentions) {
      if (observer === chat.row.owner_id || chat.row.observer_ids.includes(observer)) continue;
      chat.row.observer_ids = [...chat.row.observer_ids, observer];
      chat.append({ kind: 'notice', notice: { what: 'joined', by: me, observer } }, me, Date.now());
    }
  }

  async act(chatId: ChatId, deed: ChatDeed): Promise<CommandId> {
    this.#fail();
    return this.#act(chatId, deed, WAITING_DEEDS.has(deed.deed));
  }

  #act(chatId: ChatId, deed: ChatDeed, waits: boolean): CommandId {
    const chat = this.#chat(chatId);
    // What is noted of a client goes before what waits.
    const waiting = OF_CLIENT.has(deed.deed) ? chat.pending : null;
    if (waiting === null) this.#carryOut(chat);
    const command_id = this.#commandId();
    const until = Date.now() + (waits ? UNDO_MS : 0);
    const to = deed.deed === 'transfer' || deed.deed === 'assign' ? deed.to : null;
    chat.pending = { command_id, action: deed.deed, until, to, deed };
    if (waits) {
      this.#changed(chatId);
      if (this.#options.answersAfterMs !== undefined) {
        setTimeout(() => {
          if (chat.pending?.command_id === command_id) this.settle(chatId);
        }, UNDO_MS);
      }
    } else {
      this.#carryOut(chat);
      chat.pending = waiting;
      this.#changed(chatId);
    }
    return command_id;
  }

  /** What waits so that it can be taken back is done now. */
  #carryOut(chat: MemoryChat): void {
    const { pending } = chat;
    const me = this.world.session?.operator.id ?? '';
    if (pending === null) return;
    chat.pending = null;
    if (this.#isRefused(chat, pending.command_id, pending.action)) {
      chat.heldDeed = pending.deed;
      return;
    }
    doDeed(chat, pending.deed, me);
  }

  async search(query: SearchQuery): Promise<SearchPage> {
    this.#fail();
    return search(this.world, query);
  }

  async archive(query: ArchiveQuery): Promise<ArchivePage> {
    this.#fail();
    return archive(this.world, query);
  }

  async archived(chatId: ChatId, before: Place | null, limit: number): Promise<HistoryPage> {
    this.#fail();
    return archived(this.world, chatId, before, limit);
  }

  async chats(query: ChatsQuery): Promise<ChatsPage> {
    this.#fail();
    return chats(this.world, query);
  }

  async workload(): Promise<Workload> {
    this.#fail();
    return workload(this.world);
  }

  async oversee(on: boolean): Promise<void> {
    this.isOverseeing = on;
    if (on) this.#emit({ event: 'chats_changed', chat_ids: [], everything: true });
  }

  async actOn(chats: OverseenChat[], deed: OverseerDeed): Promise<CommandId[]> {
    this.#fail();
    const ids = chats.map((chat) => {
      const id = this.#commandId();
      this.overseer.give(id, chat, deed, UNDO_MS);
      return id;
    });
    for (const { chat_id } of chats) this.#changed(chat_id);
    const outcomes = this.overseer.outcomes(ids);
    const now = outcomes.filter((one) => one.state === 'waiting' && one.until === null);
    const later = outcomes.filter((one) => one.state === 'waiting' && one.until !== null);
    this.#later(() => this.settleDeeds(now.map(({ command_id }) => command_id)));
    if (this.#options.answersAfterMs !== undefined) {
      setTimeout(() => this.settleDeeds(later.map(({ command_id }) => command_id)), UNDO_MS);
    }
    return ids;
  }

  async outcomes(commandIds: CommandId[]): Promise<DeedOutcome[]> {
    return this.overseer.outcomes(commandIds);
  }

  async takeAllBack(commandIds: CommandId[]): Promise<CommandId[]> {
    this.#fail();
    const withdrawn = this.overseer.takeBack(commandIds);
    this.#emit({ event: 'overview_changed' });
    return withdrawn;
  }

  /** The imagined backend answers these. */
  settleDeeds(ids: CommandId[]): void {
    for (const chatId of this.overseer.settle(ids)) this.#changed(chatId);
  }

  async card(chatId: ChatId): Promise<ClientHistory> {
    this.#fail();
    return card(this.world, chatId);
  }

  async administer(what: Administration): Promise<void> {
    this.#fail();
    administration.administer(this.world, what);
    this.#emit({ event: 'overview_changed' });
  }

  async managedOperators(): Promise<ManagedOperator[]> {
    this.#fail();
    return administration.managedOperators(this.world);
  }

  async sessions(all: boolean): Promise<SessionRow[]> {
    this.#fail();
    return administration.sessions(this.world, all, Date.now());
  }

  async channelHealth(): Promise<ChannelHealth[]> {
    this.#fail();
    return administration.channelHealth(this.world, Date.now());
  }

  async managedIntegrations(): Promise<ManagedIntegration[]> {
    this.#fail();
    return administration.managedIntegrations(this.world, Date.now());
  }

  async audit(query: AuditQuery): Promise<AuditPage> {
    this.#fail();
    return administration.audit(this.world, query, Date.now());
  }

  async figures(query: FiguresQuery): Promise<ServiceFigures> {
    this.#fail();
    return figures(this.world, query);
  }

  async automaticTexts(): Promise<RevisedTexts> {
    this.#fail();
    const { revision, value } = this.automatic.texts;
    return { revision, texts: structuredClone(value) };
  }

  async putAutomaticTexts({ revision, texts }: RevisedTexts): Promise<RevisedTexts> {
    this.#fail();
    return { revision: put(this.automatic.texts, revision, texts), texts };
  }

  async workingHours(): Promise<RevisedHours> {
    this.#fail();
    const { revision, value } = this.automatic.hours;
    return { revision, hours: structuredClone(value) };
  }

  async putWorkingHours({ revision, hours }: RevisedHours): Promise<RevisedHours> {
    this.#fail();
    return { revision: put(this.automatic.hours, revision, hours), hours };
  }

  async directions(): Promise<RevisedDirections> {
    this.#fail();
    const { revision, value } = this.automatic.rules;
    return { revision, rules: structuredClone(value) };
  }

  async putDirections({ revision, rules }: RevisedDirections): Promise<RevisedDirections> {
    this.#fail();
    return { revision: put(this.automatic.rules, revision, rules), rules };
  }

  async tryDirections(trial: DirectionTrial): Promise<DirectionFound> {
    this.#fail();
    const isActive = (id: string): boolean =>
      this.world.operators.some((operator) => operator.id === id && operator.is_active);
    return tryRules(trial, isActive);
  }

  async reopenChat(chatId: ChatId): Promise<CommandId> {
    this.#fail();
    const chat = this.#chat(chatId);
    const me = this.world.session?.operator.id ?? '';
    chat.reopens = () => {
      chat.row.status = 'in_work';
      const owner = chat.row.owner_id ?? me;
      chat.append({ kind: 'notice', notice: { what: 'reopened', by: me, owner } }, me, Date.now());
    };
    this.#later(() => this.settle(chatId));
    return this.#commandId();
  }

  async readyAnswers(): Promise<ReadyAnswerRow[]> {
    this.#fail();
    return [...this.world.answers];
  }

  async putReadyAnswer(id: ReadyAnswerId, body: ReadyAnswerBody): Promise<ReadyAnswerRow> {
    this.#fail();
    const row = putAnswer(this.world, id, body);
    this.#emit({ event: 'ready_answers_changed' });
    return row;
  }

  async deleteReadyAnswer(id: ReadyAnswerId): Promise<void> {
    this.#fail();
    this.world.answers = this.world.answers.filter((answer) => answer.id !== id);
    this.#emit({ event: 'ready_answers_changed' });
  }

  async exportReadyAnswers(scope: AnswerScope, language: TableLanguage): Promise<string> {
    this.#fail();
    return exportAnswers(this.world, scope, language);
  }

  async importReadyAnswers(
    scope: AnswerScope,
    table: string,
    preview: boolean,
  ): Promise<ReadyAnswerImport> {
    this.#fail();
    const report = importAnswers(this.world, scope, table, preview);
    if (report.is_done) this.#emit({ event: 'ready_answers_changed' });
    return report;
  }

  async setChannelPhone(id: ChannelId, phone: string): Promise<ChannelRow> {
    this.#fail();
    const row = this.world.channels.find((channel) => channel.id === id);
    if (row === undefined) throw panelError('refused');
    const changed = { ...row, phone: phone.replace(/\D/gu, '') };
    this.world.channels = this.world.channels.map((one) => (one.id === id ? changed : one));
    this.#emit({ event: 'overview_changed' });
    return changed;
  }

  async takeBack(commandId: CommandId): Promise<boolean> {
    this.#fail();
    for (const [chatId, chat] of this.world.chats) {
      if (chat.pending?.command_id === commandId) {
        chat.pending = null;
        this.#changed(chatId);
        return true;
      }
      const at = chat.echoes.findIndex((echo) => echo.command_id === commandId);
      const echo = chat.echoes[at];
      if (echo === undefined || echo.is_handed_over) continue;
      chat.echoes.splice(at, 1);
      chat.putBack(echo);
      this.#changed(chatId);
      return true;
    }
    return false;
  }

  async sendAnyway(commandId: CommandId): Promise<CommandId> {
    const [chatId, chat] = this.#holding(commandId);
    const { action } = chat.held ?? { action: 'reopen' };
    if (action === 'reply' || action === 'comment') {
      const { text, mentions } =
        action === 'reply' ? { text: chat.draft, mentions: [] } : chat.comment;
      if (text.trim() === '') throw panelError('text_empty');
      return this.#write(chatId, action, text, mentions, chat.draftRevision);
    }
    chat.held = null;
    if (chat.heldDeed === null) return this.reopenChat(chatId);
    return this.#act(chatId, chat.heldDeed, false);
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

  async setDraft(
    chatId: ChatId,
    mode: ComposerMode,
    text: string,
    mentions: OperatorId[],
    seen: DraftRevision,
  ): Promise<void> {
    this.#fail();
    const chat = this.#chat(chatId);
    chat.mode = mode;
    if (seen === chat.draftRevision) chat.unseen[mode] = '';
    const whole = joined(chat.unseen[mode], text);
    if (mode === 'reply') chat.draft = whole;
    else chat.comment = { text: whole, mentions };
    this.#emit({ event: 'overview_changed' });
  }

  async focusComposer(chatId: ChatId, mode: ComposerMode): Promise<void> {
    this.#focus = `${chatId} ${mode}`;
  }

  async leaveComposer(chatId: ChatId, mode: ComposerMode): Promise<void> {
    if (this.#focus !== `${chatId} ${mode}`) return;
    this.#focus = null;
    await this.takeElsewhere(chatId, mode);
  }

  async takeElsewhere(chatId: ChatId, mode: ComposerMode): Promise<void> {
    this.#chat(chatId).takeElsewhere(mode);
    this.#changed(chatId);
  }

  async dropElsewhere(chatId: ChatId, mode: ComposerMode): Promise<void> {
    const chat = this.#chat(chatId);
    chat.elsewhere = chat.elsewhere.filter((one) => one.mode !== mode);
    this.#changed(chatId);
  }

  /** Plays that another device of the operator's has another draft, or has sent it. */
  comesFromElsewhere(chatId: ChatId, mode: ComposerMode, text: string): void {
    const chat = this.#chat(chatId);
    chat.elsewhere = [...chat.elsewhere.filter((one) => one.mode !== mode), { mode, text }];
    if (this.#focus !== `${chatId} ${mode}`) chat.takeElsewhere(mode);
    this.#changed(chatId);
  }

  async markRead(chatId: ChatId, place: Place): Promise<void> {
    const chat = this.#chat(chatId);
    chat.readPlace = Math.max(chat.readPlace, place);
    this.#emit({ event: 'overview_changed' });
  }

  async watch(chatId: ChatId | null, inFront: boolean, typing: ComposerMode | null): Promise<void> {
    const doing = typing === null ? '' : `, typing a ${typing}`;
    this.asked.push(`watch ${chatId ?? 'nothing'} ${inFront ? 'in front' : 'behind'}${doing}`);
  }

  async used(): Promise<void> {
    this.asked.push('used');
  }

  async onlookers(): Promise<WatchedChat[]> {
    return this.world.onlookers;
  }

  async setAway(away: boolean): Promise<void> {
    this.#fail();
    const me = this.world.session?.operator.id;
    const presence = away ? 'away' : 'online';
    this.world.presence = this.world.presence.map((row) =>
      row.operator_id === me ? { ...row, presence, by_hand: away, since: Date.now() } : row,
    );
    this.#emit({ event: 'overview_changed' });
  }

  /** Colleagues look at a chat, or type in it. */
  others(chatId: ChatId, onlookers: Onlooker[]): void {
    const besides = this.world.onlookers.filter((one) => one.chat_id !== chatId);
    this.world.onlookers = [...besides, { chat_id: chatId, onlookers }];
    this.#emit({ event: 'onlookers_changed' });
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
      (chat) => chat.draft !== '' || chat.comment.text !== '' || chat.echoes.length > 0,
    );
    if (isUnsent && !force) throw panelError('unsent_text');
    this.endSession();
  }

  async signOutAndErase(): Promise<void> {
    this.asked.push('erase');
    this.world.lastSignIn = null;
    this.endSession();
  }

  async historyKept(): Promise<HistoryKept> {
    return this.world.historyKept;
  }

  async keepHistory(kept: HistoryKept): Promise<void> {
    this.world.historyKept = kept;
  }

  /** Plays that the backend takes the session for ended. */
  endSession(): void {
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

  async showBanner({ chatId, title, body }: Banner): Promise<void> {
    if (!this.hasBanners) throw new Error('no_banners');
    this.asked.push(`banner ${chatId} ${title}: ${body}`);
  }

  async hideBanner(key: BannerKey): Promise<void> {
    this.asked.push(`hide ${JSON.stringify(key)}`);
  }

  async notifications(): Promise<NotificationLine[]> {
    this.#fail();
    return this.world.notifications;
  }

  async seeNotifications(position: number): Promise<void> {
    this.#fail();
    this.world.notifications = this.world.notifications.map((line) => ({
      ...line,
      is_seen: line.is_seen || line.position <= position,
    }));
    this.#emit({ event: 'notifications_changed' });
  }

  async notificationChoices(): Promise<NotificationChoices> {
    this.#fail();
    return this.world.notificationChoices;
  }

  async setNotificationSettings(settings: NotificationSettings): Promise<void> {
    this.#fail();
    const { kinds } = this.world.notificationChoices;
    this.world.notificationChoices = {
      settings,
      kinds: kinds.map((kind) => ({ ...kind, alert: settings.kinds[kind.what] ?? kind.usual })),
    };
    this.#emit({ event: 'notifications_changed' });
  }

  async setBadge(badge: Badge): Promise<void> {
    this.badge = badge;
    this.asked.push(`badge ${badge.n} ${badge.title}`);
  }

  async desktop(): Promise<DesktopView> {
    return this.desk.view;
  }

  async changeDesktop(change: DesktopChange): Promise<DesktopView> {
    return this.desk.change(change);
  }

  async hideWindow(): Promise<void> {
    this.asked.push('hide');
  }

  async takeLink(): Promise<Link | null> {
    return this.desk.takeLink();
  }

  async openLink(url: string): Promise<void> {
    this.#fail();
    this.asked.push(`open ${url}`);
  }

  async saveText(suggestedName: string, contents: string): Promise<boolean> {
    this.#fail();
    this.saved.set(suggestedName, contents);
    return true;
  }

  async saveBytes(suggestedName: string, contents: Uint8Array): Promise<boolean> {
    this.#fail();
    this.saved.set(suggestedName, contents);
    return true;
  }

  async quit(): Promise<void> {
    this.asked.push('quit');
  }

  async onEvents(listener: (events: PanelEvent[]) => void): Promise<Unlisten> {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async onWish(listener: (wish: Wish) => void): Promise<Unlisten> {
    this.desk.listeners.add(listener);
    return () => this.desk.listeners.delete(listener);
  }

  async onBannerClicked(listener: (click: BannerClick) => void): Promise<Unlisten> {
    this.#clickListeners.add(listener);
    return () => this.#clickListeners.delete(listener);
  }

  /** Tells the page something, as the panel would. */
  tell(event: PanelEvent): void {
    this.#emit(event);
  }

  /** A banner of the chat is clicked, which leads to an entry if it is of one. */
  clickBanner(chatId: ChatId | null, reply = false, place: Place | null = null): void {
    const key: BannerKey = chatId === null ? { about: 'late' } : { about: 'chat', chat_id: chatId };
    for (const listener of this.#clickListeners) {
      listener({ key, chatId, place, reply });
    }
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
    if (this.isOverseeing) {
      this.#emit({ event: 'chats_changed', chat_ids: [chatId], everything: false });
    }
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
  comment: { text: '', mentions: [] },
  mode: 'reply',
  draft_revision: 0,
  elsewhere: [],
  held: null,
};

/** What waits so that it can be taken back. */
const WAITING_DEEDS = new Set<ChatDeed['deed']>(['leave', 'transfer', 'return_to_queue', 'close']);

/** What is about the client alone. */
const OF_CLIENT = new Set<ChatDeed['deed']>(['name_client', 'note_client']);

/** What becomes of a chat by a deed of `me`. */
function doDeed(chat: MemoryChat, deed: ChatDeed, me: OperatorId): void {
  const { row } = chat;
  const now = Date.now();
  const tell = (notice: Notice): void => {
    chat.append({ kind: 'notice', notice }, me, now);
  };
  const without = (id: OperatorId): OperatorId[] => row.observer_ids.filter((one) => one !== id);
  switch (deed.deed) {
    case 'leave':
      row.observer_ids = without(me);
      return tell({ what: 'left', observer: me });
    case 'transfer': {
      const from = row.owner_id ?? me;
      row.owner_id = deed.to;
      row.observer_ids = without(deed.to);
      tell({ what: 'transferred', by: me, from, to: deed.to });
      if (deed.note !== null) {
        chat.append({ kind: 'comment', text: deed.note, mentions: [] }, me, now);
      }
      return;
    }
    case 'return_to_queue': {
      const was = row.owner_id;
      Object.assign(row, { status: 'queued', owner_id: null, former_owner_id: was });
      return tell({ what: 'returned', by: me, was });
    }
    case 'assign':
      Object.assign(row, { status: 'in_work', owner_id: deed.to });
      row.observer_ids = without(deed.to);
      return tell({ what: 'assigned', by: me, to: deed.to });
    case 'set_observers': {
      const before = row.observer_ids;
      row.observer_ids = deed.observer_ids;
      for (const observer of before.filter((id) => !deed.observer_ids.includes(id))) {
        tell({ what: 'removed', by: me, observer });
      }
      for (const observer of deed.observer_ids.filter((id) => !before.includes(id))) {
        tell({ what: 'joined', by: me, observer });
      }
      return;
    }
    case 'no_answer_needed':
      row.waiting_since = null;
      return tell({ what: 'no_answer_needed', by: me });
    case 'name_client':
      row.client = { ...row.client, name: deed.name ?? row.client.own_name };
      return;
    case 'note_client':
      row.client = { ...row.client, note: deed.note };
      return;
    case 'tell_only_addressed':
      chat.onlyAddressed = deed.only_addressed;
      return;
    case 'close':
      Object.assign(row, { status: 'closed', waiting_since: null, observer_ids: [] });
      return tell({ what: 'closed', by: me });
  }
}

/** Whether the panel of `me` has the chat; of a closed one it keeps what it had. */
function isSeen({ row }: MemoryChat, me: OperatorId): boolean {
  return row.status !== 'in_work' || row.owner_id === me || row.observer_ids.includes(me);
}

function summaryOf(chat: MemoryChat, me: OperatorId): ChatSummary {
  const unseen = chat.entries.filter((entry) => entry.place > chat.readPlace);
  const draft = chat.mode === 'reply' ? chat.draft : chat.comment.text;
  const { pending } = chat;
  return {
    chat: { ...chat.row },
    n_unread: unseen.filter(({ body }) => body.kind.startsWith('inbound')).length,
    n_mentions: unseen.filter(({ body }) => body.kind === 'comment' && body.mentions.includes(me))
      .length,
    only_addressed: chat.onlyAddressed,
    draft: draft === '' ? null : draft,
    mode: chat.mode,
    pending:
      pending === null
        ? null
        : {
            command_id: pending.command_id,
            action: pending.action,
            until: pending.until,
            to: pending.to,
          },
    n_waiting: chat.echoes.length,
    needs_look: chat.held !== null,
  };
}

/** What the methods of the panel reject with: a value, as it comes from the shell. */
function panelError(code: PanelErrorCode): PanelError & Error {
  return Object.assign(new Error(code), { code, problem: null });
}
