/** What the window shows and does: lists, the open chat, connection, session, toasts. */
import { createContext } from 'svelte';

import type { Backend } from '../api/backend';
import type { ChatDeed } from '../api/generated/ChatDeed';
import type { ChatId } from '../api/generated/ChatId';
import type { ChatSummary } from '../api/generated/ChatSummary';
import type { CommandId } from '../api/generated/CommandId';
import type { IntegrationId } from '../api/generated/IntegrationId';
import type { OperatorId } from '../api/generated/OperatorId';
import type { OperatorRow } from '../api/generated/OperatorRow';
import type { Overview } from '../api/generated/Overview';
import type { PanelEvent } from '../api/generated/PanelEvent';
import type { Place } from '../api/generated/Place';
import type { Presence } from '../api/generated/Presence';
import { quiet } from '../format/notifications';
import { presenceText, roleName } from '../format/people';
import { Commands } from '../keys/commands.svelte';
import { Keys } from '../keys/keys.svelte';
import { m } from '../paraglide/messages';
import { Answers } from './answers.svelte';
import { AutomaticState } from './automatic.svelte';
import { onBadge } from './badge';
import { Clock } from './clock.svelte';
import { CompanyForm } from './company.svelte';
import { DesktopState } from './desktop.svelte';
import { longestWaiting, nWaiting, waitingNeighbour } from './lists';
import { panelErrorCode, panelErrorText } from './problems';
import { Onlookers, OwnTyping } from './onlookers.svelte';
import { OversightState } from './oversight.svelte';
import { coalesced } from './reload';
import { Notifications } from './notifications.svelte';
import { isSupervisor, may, type Right } from './rights';
import type { Settings } from './settings.svelte';
import { SearchState } from './search.svelte';
import { Sounds } from './sounds.svelte';
import { TimelineState } from './timeline.svelte';
import { Toasts } from './toasts.svelte';

/** How many chats that were left stay in memory, with the place where one was. */
const KEPT_TIMELINES = 12;
/** How often the panel hears that the operator does something. */
const USED_EVERY_MS = 10_000;
const INPUT = ['keydown', 'pointerdown', 'pointermove', 'wheel'] as const;

export class PanelState {
  readonly backend: Backend;
  readonly settings: Settings;
  /** Everybody's chats, for supervisors. */
  readonly oversight: OversightState;
  readonly answers: Answers;
  /** The search over what this device holds. */
  readonly search: SearchState;
  readonly onlookers: Onlookers;
  /** What I am typing, as colleagues are told. */
  readonly typing = new OwnTyping(() => this.#watch());
  readonly automatic: AutomaticState;
  readonly sounds: Sounds;
  /** What the operator is told of. */
  readonly notifications: Notifications;
  readonly companyForm = new CompanyForm();
  /** How the panel sits on its desktop. */
  readonly desktop: DesktopState;
  readonly toasts = new Toasts();
  /** What can be done now, and by which keys. */
  readonly commands = new Commands();
  readonly keys: Keys;
  readonly clock = new Clock();

  overview = $state.raw<Overview | null>(null);
  /** A chat that was not opened, and may be in a moment. */
  prepared = $state.raw<TimelineState | null>(null);
  hasFailed = $state(false);
  /** Whether the session was ended by somebody else: the operator is told why they must sign in. */
  isSessionEnded = $state(false);
  #isSigningOut = false;
  /** The open chat; none shows the hint to choose one. */
  timeline = $state.raw<TimelineState | null>(null);
  isInFront = $state(true);

  /** The present moment by the backend's clock, by which waiting is counted. */
  readonly now = $derived(this.clock.now + (this.overview?.clock_offset_ms ?? 0));
  readonly session = $derived(this.overview?.session ?? null);
  readonly me = $derived(this.session?.operator ?? null);
  /** When a waiting time takes the next colour. */
  readonly waitingSteps = $derived(
    this.overview?.company.settings.waiting ?? {
      plain_minutes: 1,
      warn_minutes: 5,
      bad_minutes: 15,
    },
  );
  /** By whose clock the company counts days and hours. */
  readonly timeZone = $derived(this.overview?.company.settings.time_zone ?? 'UTC');
  readonly isSupervisor = $derived(this.me !== null && isSupervisor(this.me.role));
  readonly isLive = $derived(this.overview?.connection.state === 'live');
  readonly nWaiting = $derived(this.overview === null ? 0 : nWaiting(this.overview));
  /** How many clients wait too long, as it was read last. */
  readonly nLate = $derived.by(() => {
    const { isShown, workload } = this.oversight;
    if (isShown && workload !== null) return workload.queued.n_late + workload.in_work.n_late;
    return this.overview?.late.n ?? 0;
  });
  /** The number on dock, taskbar and tray. */
  readonly nOnBadge = $derived.by(() => {
    const { choices, lines } = this.notifications;
    if (this.overview === null || choices === null) return this.nWaiting;
    return onBadge(this.overview, choices.kinds, lines);
  });
  /** The window's title: who waits, and whose panel it is. */
  readonly title = $derived(
    [
      this.nWaiting === 0
        ? m.app_name()
        : m.title_waiting({ count: this.nWaiting, n: this.nWaiting }),
      this.overview?.company.settings.name ?? '',
    ]
      .filter((part) => part !== '')
      .join(' — '),
  );

  /** That nothing is told now, by the local clock; none if something is. */
  readonly quiet = $derived.by(() => {
    const { choices } = this.notifications;
    return choices === null ? null : quiet(choices.settings, this.clock.now, this.isAwayByHand);
  });

  /** Whom I can call, or hand a chat to: everybody active besides me, by name. */
  readonly colleagues = $derived(
    (this.overview?.operators ?? [])
      .filter((operator) => operator.is_active && operator.id !== this.me?.id)
      .sort((a, b) => a.name.localeCompare(b.name)),
  );
  /** A chat other than the open one in which something of mine waits and can be taken back. */
  readonly pendingElsewhere = $derived(
    this.summaries()
      .filter(({ chat, pending }) => pending !== null && chat.id !== this.timeline?.chatId)
      .sort((a, b) => (b.pending?.until ?? 0) - (a.pending?.until ?? 0))[0] ?? null,
  );

  readonly #operators = $derived(
    new Map((this.overview?.operators ?? []).map((operator) => [operator.id, operator])),
  );
  readonly #presence = $derived(
    new Map((this.overview?.presence ?? []).map((row) => [row.operator_id, row])),
  );
  /** What colleagues see of me; none while that is not known. */
  readonly ownPresence = $derived(this.#presence.get(this.me?.id ?? '')?.presence ?? null);
  /** Whether I have said that I am away. */
  readonly isAwayByHand = $derived(this.#presence.get(this.me?.id ?? '')?.by_hand ?? false);
  readonly #timelines = new Map<ChatId, TimelineState>();
  readonly #reload: () => Promise<void>;

  constructor(backend: Backend, settings: Settings) {
    this.backend = backend;
    this.settings = settings;
    this.keys = new Keys(settings);
    this.oversight = new OversightState(backend, settings);
    this.answers = new Answers(backend, settings.storage);
    this.search = new SearchState(backend);
    this.onlookers = new Onlookers(backend);
    this.automatic = new AutomaticState(backend);
    this.sounds = new Sounds(settings);
    this.notifications = new Notifications(backend, this.toasts, this.sounds, {
      chat: (chatId, place, reply) => void this.open(chatId, place, reply),
      late: () => this.oversight.show(),
    });
    this.desktop = new DesktopState(this);
    this.#reload = coalesced(async () => {
      try {
        const overview = await this.backend.overview();
        if (overview.session === null) this.#forgetChats();
        if (overview.session !== null) this.isSessionEnded = false;
        else if (this.session !== null) this.isSessionEnded = !this.#isSigningOut;
        const wasLive = this.isLive;
        this.overview = overview;
        // What a snapshot has taken out and no connection could bring back stands there as it was.
        if (this.isLive && !wasLive) this.#refreshTimelines();
        // Before, it is not known what the company has set.
        if (overview.session !== null && overview.connection.state === 'live') {
          this.settings.adopt(overview.company.settings.defaults);
        }
        this.hasFailed = false;
      } catch {
        this.hasFailed = true;
      }
    });
  }

  /** Listens, reads and ticks until the answer is called. */
  start(): () => void {
    const endings: (() => void)[] = [this.clock.start(), this.desktop.start()];
    let isOver = false;
    const keep = (subscription: Promise<() => void>): void => {
      void subscription.then((end) => (isOver ? end() : endings.push(end)));
    };
    keep(this.backend.onEvents((events) => this.#hear(events)));
    keep(
      this.backend.onBannerClicked((click) => {
        // A banner may outlive its session, and is nothing for whoever signs in next.
        if (this.session !== null) this.notifications.follow(click);
      }),
    );

    const look = (): void => {
      const isInFront = document.visibilityState === 'visible' && document.hasFocus();
      // What came while nobody looked stands below a line of its own.
      if (isInFront && !this.isInFront) this.timeline?.resetNewLine();
      this.isInFront = isInFront;
      this.#watch();
      if (!this.isInFront) void this.timeline?.flushDraft();
    };
    let usedAt = -Infinity;
    const used = (): void => {
      const now = Date.now();
      // The clock may have been put back.
      if (Math.abs(now - usedAt) < USED_EVERY_MS) return;
      usedAt = now;
      void this.backend.used().catch(() => undefined);
    };
    for (const kind of INPUT) window.addEventListener(kind, used, { capture: true, passive: true });
    window.addEventListener('focus', look);
    window.addEventListener('blur', look);
    document.addEventListener('visibilitychange', look);
    endings.push(() => {
      for (const kind of INPUT) window.removeEventListener(kind, used, { capture: true });
      window.removeEventListener('focus', look);
      window.removeEventListener('blur', look);
      document.removeEventListener('visibilitychange', look);
    });
    look();
    void this.reload();
    void this.answers.reload();
    void this.notifications.reload();
    void this.onlookers.reload();
    return () => {
      isOver = true;
      for (const end of endings) end();
    };
  }

  /** Reads the lists again. */
  reload(): Promise<void> {
    return this.#reload();
  }

  operator(id: OperatorId): OperatorRow | null {
    return this.#operators.get(id) ?? null;
  }

  /** The name that colleagues know an operator by; rows may name one who is gone. */
  operatorName = (id: OperatorId): string => this.operator(id)?.name ?? m.unknown_operator();

  /** Whether a colleague is there; none of whom nothing is known. */
  presenceOf = ({ id }: Pick<OperatorRow, 'id'>): Presence | null =>
    this.#presence.get(id)?.presence ?? null;

  /** The same in words. Without a connection nothing is known of anybody. */
  presenceTextOf = (id: OperatorId): string | null =>
    this.isLive
      ? presenceText(this.#presence.get(id) ?? null, this.now, this.operatorName(id))
      : null;

  /** What stands below a colleague's name where one is chosen. */
  aboutColleague = ({ id, role }: OperatorRow): string => {
    const parts = role === 'operator' ? [] : [roleName(role)];
    const presence = this.presenceTextOf(id);
    if (presence !== null) parts.push(presence);
    return parts.join(' · ') || roleName(role);
  };

  /** What colleagues see of me, in words. */
  get ownPresenceText(): string {
    const { me } = this;
    return (me === null ? null : this.presenceTextOf(me.id)) ?? m.presence_unknown();
  }

  /** Says that I am away, on all my devices, or back. */
  async setAway(away: boolean): Promise<void> {
    await this.attempt(() => this.backend.setAway(away));
  }

  /** The name of the program that did something. */
  programName = (id: IntegrationId | null): string =>
    this.overview?.integrations.find((one) => one.id === id)?.name ?? m.unknown_integration();

  channelName(summary: ChatSummary): string {
    const channel = this.overview?.channels.find((one) => one.id === summary.chat.channel_id);
    return channel?.name ?? m.channel_whatsapp();
  }

  /** Whether I may do it in the chat. */
  may(right: Right, summary: ChatSummary): boolean {
    return may(right, this.me, summary.chat);
  }

  /**
   * Reads what a chat shows before it is opened, as the pointer or the focus of whoever may do so rests
   * on it; then it can be drawn, too.
   */
  prepare(chatId: ChatId): void {
    if (this.timeline?.chatId === chatId || this.prepared?.chatId === chatId) return;
    this.prepared =
      this.#timelines.get(chatId) ?? new TimelineState(this.backend, chatId, this.operatorName);
    // It is drawn where reading will begin, whatever comes until then.
    this.prepared.isCurrent = false;
    this.prepared.resetNewLine();
    void this.prepared.refresh();
  }

  /** What is held of a chat, which is kept as it stands. */
  #held(chatId: ChatId): TimelineState | undefined {
    if (this.prepared?.chatId === chatId) return this.prepared;
    return this.#timelines.get(chatId);
  }

  /**
   * Shows a chat, at an entry if one is asked for, and with the cursor where one writes if somebody wants
   * to write at once. What was typed in the one that is left is kept first.
   */
  async open(chatId: ChatId, place: Place | null = null, toWrite = false): Promise<void> {
    let isOpened = false;
    let isPrepared = false;
    if (this.timeline?.chatId !== chatId) {
      this.#putAway();
      const timeline =
        this.#held(chatId) ?? new TimelineState(this.backend, chatId, this.operatorName);
      isPrepared =
        timeline === this.prepared && timeline.loading === 'ready' && !timeline.isBeingRead;
      this.prepared = null;
      // The order of the map is the order of use: the one that was left longest ago goes.
      this.#timelines.delete(chatId);
      this.#timelines.set(chatId, timeline);
      for (const [key, left] of [...this.#timelines].slice(0, -KEPT_TIMELINES)) {
        // What could not be kept is nowhere else.
        if (!left.isUnkept) this.#timelines.delete(key);
      }
      timeline.resetNewLine();
      timeline.isCurrent = false;
      // Who it is the lists know already.
      timeline.chat ??= this.summaries().find(({ chat }) => chat.id === chatId) ?? null;
      this.timeline = timeline;
      this.typing.end();
      isOpened = true;
    }
    const { timeline } = this;
    if (timeline === null) return;
    timeline.target = place;
    timeline.isToBeWritten = toWrite;
    const read = isPrepared ? undefined : timeline.refresh();
    // What is to be seen is asked for first.
    if (isOpened) this.#watch();
    await read;
    if (timeline.loading === 'ready') timeline.isCurrent = true;
  }

  /** Shows no chat. */
  leave(): void {
    this.#putAway();
    this.timeline = null;
    this.typing.end();
    this.#watch();
  }

  /** Ends what was under way in the open chat. */
  #putAway(): void {
    if (this.timeline === null) return;
    void this.timeline.flushDraft();
    this.timeline.target = null;
  }

  /** Does something with a chat as a whole; what was typed in it is kept first. */
  async act(chatId: ChatId, deed: ChatDeed): Promise<void> {
    await this.attempt(async () => {
      await this.#timelines.get(chatId)?.flushDraft();
      await this.backend.act(chatId, deed);
    });
  }

  /** Withdraws what waits for that. */
  async undo(commandId: CommandId): Promise<void> {
    const isWithdrawn = await this.attempt(() => this.backend.takeBack(commandId));
    if (isWithdrawn === false) this.toasts.show(m.pending_late());
  }

  /** The chat besides one whose client waits longest for me, or for anybody; none if nobody does. */
  nextWaiting(besides: ChatId): ChatId | null {
    return this.overview === null ? null : longestWaiting(this.overview, besides);
  }

  /** Who stands `step` from the open chat among those who wait for me or for anybody. */
  waitingNeighbour(step: 1 | -1): ChatId | null {
    const from = this.timeline?.chatId ?? null;
    return this.overview === null ? null : waitingNeighbour(this.overview, from, step);
  }

  /** The chats that were open, the last first, besides the one that is. */
  get recentChats(): ChatId[] {
    return [...this.#timelines.keys()].reverse().filter((id) => id !== this.timeline?.chatId);
  }

  async reopenChat(chatId: ChatId): Promise<void> {
    await this.attempt(() => this.backend.reopenChat(chatId, null));
  }

  async discardShell(chatId: ChatId): Promise<void> {
    await this.attempt(async () => {
      await this.backend.discardShell(chatId);
      if (this.timeline?.chatId === chatId) this.leave();
      this.#timelines.delete(chatId);
    });
  }

  async openLink(url: string): Promise<void> {
    try {
      await this.backend.openLink(url);
    } catch {
      this.toasts.show(m.link_failed(), { severity: 'bad' });
    }
  }

  async copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.toasts.show(m.copied());
    } catch {
      this.toasts.show(m.error_unknown(), { severity: 'bad' });
    }
  }

  /** Saves what the page has made as a file where its operator wants it, and tells what came of it. */
  async save(suggestedName: string, contents: string | Uint8Array): Promise<void> {
    try {
      const isSaved =
        typeof contents === 'string'
          ? await this.backend.saveText(suggestedName, contents)
          : await this.backend.saveBytes(suggestedName, contents);
      if (isSaved) this.toasts.show(m.saved());
    } catch {
      this.toasts.show(m.save_failed(), { severity: 'bad' });
    }
  }

  /** Signs out; false if unsent text stands against it. */
  async signOut(force: boolean): Promise<boolean> {
    for (const timeline of this.#timelines.values()) {
      await timeline.flushDraft();
      if (timeline.isUnkept && !force) return false;
    }
    this.#isSigningOut = true;
    try {
      await this.backend.signOut(force);
      await this.reload();
    } catch (error) {
      if (panelErrorCode(error) === 'unsent_text') return false;
      this.toasts.show(panelErrorText(error), { severity: 'bad' });
    } finally {
      this.#isSigningOut = false;
    }
    return true;
  }

  /** Signs out, and leaves nothing of what this computer keeps of its operator. */
  async signOutAndErase(): Promise<void> {
    this.#isSigningOut = true;
    try {
      await this.attempt(() => this.backend.signOutAndErase());
      await this.reload();
    } finally {
      this.#isSigningOut = false;
    }
  }

  /** Does something that may fail, and says so if it did. */
  async attempt<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.toasts.show(panelErrorText(error), { severity: 'bad' });
      return null;
    }
  }

  #hear(events: PanelEvent[]): void {
    for (const event of events) {
      switch (event.event) {
        case 'overview_changed':
          void this.reload();
          break;
        case 'timeline_changed':
          void this.oversight.follow();
          void this.#held(event.chat_id)?.refresh();
          this.search.reread(event.chat_id);
          break;
        case 'ready_answers_changed':
          void this.answers.reload();
          break;
        case 'onlookers_changed':
          void this.onlookers.reload();
          break;
        case 'chats_changed':
          this.oversight.hear(event.chat_ids, event.everything);
          break;
        case 'notify':
          this.notifications.show(event.notification);
          break;
        case 'withdraw':
          this.notifications.withdraw(event.key);
          break;
        case 'index_changed':
          this.search.refresh();
          break;
        case 'notifications_changed':
          void this.notifications.reload();
          break;
        case 'overflowed':
          void this.reload();
          void this.answers.reload();
          void this.notifications.reload();
          void this.onlookers.reload();
          this.search.refresh();
          this.oversight.hear([], true);
          this.prepared = null;
          this.#refreshTimelines();
          break;
      }
    }
  }

  #refreshTimelines(): void {
    for (const timeline of this.#timelines.values()) void timeline.refresh();
  }

  /** All chats of the lists. */
  summaries(): ChatSummary[] {
    const { overview } = this;
    return overview === null ? [] : [...overview.in_work, ...overview.observed, ...overview.queued];
  }

  #watch(): void {
    void this.backend
      .watch(this.timeline?.chatId ?? null, this.isInFront, this.typing.now)
      .catch(() => undefined);
  }

  #forgetChats(): void {
    this.timeline = null;
    this.prepared = null;
    this.#timelines.clear();
    this.answers.forget();
    this.search.clear();
    this.automatic.forget();
    this.companyForm.forget();
    this.oversight.forget();
    this.notifications.forget();
  }
}

/** Hands the state to the views. */
export const [panelState, providePanelState] = createContext<PanelState>();
