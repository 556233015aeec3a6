/**
 * Everything that the page asks of the panel behind it, and hears from it.
 *
 * Two implementations: `tauri.ts` talks to the shell, `memory.ts` plays it for unit tests and for
 * working on the page in a browser. Nothing else in the page knows which of the two it has.
 */
import type { Badge, DesktopChange, DesktopView, Link, Wish } from './desktop';
import type { Administration } from './generated/Administration';
import type { AuditPage } from './generated/AuditPage';
import type { AuditQuery } from './generated/AuditQuery';
import type { ChannelHealth } from './generated/ChannelHealth';
import type { ManagedIntegration } from './generated/ManagedIntegration';
import type { ManagedOperator } from './generated/ManagedOperator';
import type { SessionRow } from './generated/SessionRow';
import type { AnswerScope } from './generated/AnswerScope';
import type { ArchivePage } from './generated/ArchivePage';
import type { ArchiveQuery } from './generated/ArchiveQuery';
import type { ChannelId } from './generated/ChannelId';
import type { ChannelRow } from './generated/ChannelRow';
import type { ChatDeed } from './generated/ChatDeed';
import type { BannerKey } from './generated/BannerKey';
import type { ChatId } from './generated/ChatId';
import type { NotificationChoices } from './generated/NotificationChoices';
import type { NotificationLine } from './generated/NotificationLine';
import type { NotificationSettings } from './generated/NotificationSettings';
import type { ChatsPage } from './generated/ChatsPage';
import type { ChatsQuery } from './generated/ChatsQuery';
import type { ClientHistory } from './generated/ClientHistory';
import type { CommandId } from './generated/CommandId';
import type { ComposerMode } from './generated/ComposerMode';
import type { DirectionFound } from './generated/DirectionFound';
import type { DirectionTrial } from './generated/DirectionTrial';
import type { DeedOutcome } from './generated/DeedOutcome';
import type { DraftRevision } from './generated/DraftRevision';
import type { FiguresQuery } from './generated/FiguresQuery';
import type { HistoryKept } from './generated/HistoryKept';
import type { HistoryPage } from './generated/HistoryPage';
import type { LastSignIn } from './generated/LastSignIn';
import type { OperatorId } from './generated/OperatorId';
import type { OverseenChat } from './generated/OverseenChat';
import type { OverseerDeed } from './generated/OverseerDeed';
import type { Overview } from './generated/Overview';
import type { PanelEvent } from './generated/PanelEvent';
import type { Place } from './generated/Place';
import type { ReadyAnswerBody } from './generated/ReadyAnswerBody';
import type { ReadyAnswerId } from './generated/ReadyAnswerId';
import type { ReadyAnswerImport } from './generated/ReadyAnswerImport';
import type { ReadyAnswerRow } from './generated/ReadyAnswerRow';
import type { SearchPage } from './generated/SearchPage';
import type { SearchQuery } from './generated/SearchQuery';
import type { ServiceFigures } from './generated/ServiceFigures';
import type { RevisedDirections } from './generated/RevisedDirections';
import type { RevisedHours } from './generated/RevisedHours';
import type { RevisedTexts } from './generated/RevisedTexts';
import type { SignInFailure } from './generated/SignInFailure';
import type { TableLanguage } from './generated/TableLanguage';
import type { Timeline } from './generated/Timeline';
import type { WatchedChat } from './generated/WatchedChat';
import type { Workload } from './generated/Workload';

/** Ends a subscription. */
export type Unlisten = () => void;

/** The panel, as the page sees it. Promises reject with a `PanelError`. */
export interface Backend {
  /** Everything but histories. */
  overview(): Promise<Overview>;
  /**
   * The newest `limit` entries of a chat, or those before `before`, as far as they are held. Only if
   * those are fewer than `atLeast` it waits for the network.
   */
  timeline(chatId: ChatId, before: Place | null, limit: number, atLeast: number): Promise<Timeline>;
  /**
   * Puts a reply into the outbox; it is durable when this answers. With the draft's latest revision
   * it goes in the place of a refused reply, whose text the composer held.
   */
  reply(chatId: ChatId, text: string, seen: DraftRevision): Promise<CommandId>;
  /** The same for a hidden comment. Whom it mentions observes the chat from then on. */
  comment(
    chatId: ChatId,
    text: string,
    mentions: OperatorId[],
    seen: DraftRevision,
  ): Promise<CommandId>;
  /**
   * Does something with a chat as a whole, by the outbox. Leaving, transferring, returning and closing
   * wait for five seconds, in which `takeBack` withdraws them; `ChatSummary.pending` tells of it.
   */
  act(chatId: ChatId, deed: ChatDeed): Promise<CommandId>;
  /**
   * Puts a closed chat back in work, by the outbox. Of one that was found in the archive `found` is
   * its newest place there.
   */
  reopenChat(chatId: ChatId, found: Place | null): Promise<CommandId>;
  /** Searches everything that this device holds. */
  search(query: SearchQuery): Promise<SearchPage>;
  /** Searches the archive; needs the backend. */
  archive(query: ArchiveQuery): Promise<ArchivePage>;
  /** A stretch of the history of a chat that was found in the archive; needs the backend. */
  archived(chatId: ChatId, before: Place | null, limit: number): Promise<HistoryPage>;
  /** What the client's card shows besides the chat itself; needs the backend. */
  card(chatId: ChatId): Promise<ClientHistory>;
  /** The ready answers that the operator may use, the company's and their own. */
  readyAnswers(): Promise<ReadyAnswerRow[]>;
  /** Adds a ready answer, changes it, or brings back one that was deleted; needs the backend. */
  putReadyAnswer(id: ReadyAnswerId, body: ReadyAnswerBody): Promise<ReadyAnswerRow>;
  /** Deletes a ready answer; needs the backend. */
  deleteReadyAnswer(id: ReadyAnswerId): Promise<void>;
  /** The ready answers of a scope as a table; needs the backend. */
  exportReadyAnswers(scope: AnswerScope, language: TableLanguage): Promise<string>;
  /** Puts a table of ready answers into a scope, or tells what that would do; needs the backend. */
  importReadyAnswers(
    scope: AnswerScope,
    table: string,
    preview: boolean,
  ): Promise<ReadyAnswerImport>;
  /** The figures of some days, for supervisors; needs the backend. */
  figures(query: FiguresQuery): Promise<ServiceFigures>;
  /** Says which number a channel's clients write to; needs the backend. */
  setChannelPhone(id: ChannelId, phone: string): Promise<ChannelRow>;
  /** The automatic texts; these and what follows are for supervisors and need the backend. */
  automaticTexts(): Promise<RevisedTexts>;
  /** Changes them; refused with `changed_meanwhile` if somebody else has since they were read. */
  putAutomaticTexts(texts: RevisedTexts): Promise<RevisedTexts>;
  /** The working hours. */
  workingHours(): Promise<RevisedHours>;
  /** Changes them, likewise. */
  putWorkingHours(hours: RevisedHours): Promise<RevisedHours>;
  /** The rules by which new chats are directed. */
  directions(): Promise<RevisedDirections>;
  /** Changes them, likewise. */
  putDirections(rules: RevisedDirections): Promise<RevisedDirections>;
  /** Asks which rule would take a message. */
  tryDirections(trial: DirectionTrial): Promise<DirectionFound>;
  /** Changes something that is managed; needs the backend. */
  administer(what: Administration): Promise<void>;
  /** All operators, for administrators; needs the backend. */
  managedOperators(): Promise<ManagedOperator[]>;
  /** My sessions, or for administrators everybody's; needs the backend. */
  sessions(all: boolean): Promise<SessionRow[]>;
  /** How the channels are doing, for administrators; needs the backend. */
  channelHealth(): Promise<ChannelHealth[]>;
  /** Programs with a key, for administrators; needs the backend. */
  managedIntegrations(): Promise<ManagedIntegration[]>;
  /** A page of the audit log, for administrators; needs the backend. */
  audit(query: AuditQuery): Promise<AuditPage>;
  /** Everybody's chats, for supervisors; needs the backend. */
  chats(query: ChatsQuery): Promise<ChatsPage>;
  /** How much there is to do and with whom, for supervisors; needs the backend. */
  workload(): Promise<Workload>;
  /** Tells whether everybody's chats are on the screen: then events say which have changed. */
  oversee(on: boolean): Promise<void>;
  /**
   * Does the same with each of some chats, by the outbox: a command for each that fits it, in their
   * order. Transferring, returning and closing wait for five seconds.
   */
  actOn(chats: OverseenChat[], deed: OverseerDeed): Promise<CommandId[]>;
  /** What has come of commands that `actOn` gave, in their order. */
  outcomes(commandIds: CommandId[]): Promise<DeedOutcome[]>;
  /** Withdraws those that were not handed over yet, and tells which. */
  takeAllBack(commandIds: CommandId[]): Promise<CommandId[]>;
  /** Withdraws a command that was not handed over yet; false if it was too late. */
  takeBack(commandId: CommandId): Promise<boolean>;
  /** Sends a held command again, knowing what is new; a reply with what stands in the draft. */
  sendAnyway(commandId: CommandId): Promise<CommandId>;
  /** Forgets a refused command; its text stays in the draft. */
  dismissHeld(commandId: CommandId): Promise<void>;
  /** Throws away the unsent text of a chat that is no longer seen. */
  discardShell(chatId: ChatId): Promise<void>;
  /**
   * Keeps what has been begun to write in one mode, and that the composer stands in it; text that was
   * put back after `seen` is kept besides.
   */
  setDraft(
    chatId: ChatId,
    mode: ComposerMode,
    text: string,
    mentions: OperatorId[],
    seen: DraftRevision,
  ): Promise<void>;
  /** Tells that a composer has the focus: what the operator's other devices have is not put into it. */
  focusComposer(chatId: ChatId, mode: ComposerMode): Promise<void>;
  /** Tells that it has it no longer: what came meanwhile is put into it. */
  leaveComposer(chatId: ChatId, mode: ComposerMode): Promise<void>;
  /** Puts what stands in a composer on another device into it, above what was typed here since. */
  takeElsewhere(chatId: ChatId, mode: ComposerMode): Promise<void>;
  /** Lets what stands in a composer here stand on the other devices too. */
  dropElsewhere(chatId: ChatId, mode: ComposerMode): Promise<void>;
  /** Tells how far the chat has been read. */
  markRead(chatId: ChatId, place: Place): Promise<void>;
  /**
   * Tells what is on the screen, whether the window is in front, and what is being typed in the chat.
   * Colleagues who see the chat are told.
   */
  watch(chatId: ChatId | null, inFront: boolean, typing: ComposerMode | null): Promise<void>;
  /** Tells that the operator does something. */
  used(): Promise<void>;
  /** Who else looks at which chats, and types in them. */
  onlookers(): Promise<WatchedChat[]>;
  /** Says that the operator is away, on all their devices, or back; needs the backend. */
  setAway(away: boolean): Promise<void>;
  /** Signs in; answers why not, or nothing. */
  signIn(address: string, login: string, password: string): Promise<SignInFailure | null>;
  /** Signs out; unless `force`, refuses while there is unsent text. */
  signOut(force: boolean): Promise<void>;
  signOutAndErase(): Promise<void>;
  historyKept(): Promise<HistoryKept>;
  keepHistory(kept: HistoryKept): Promise<void>;
  /** What was typed into the sign-in screen last. */
  lastSignIn(): Promise<LastSignIn | null>;
  /** Tries to connect at once. */
  reconnect(): Promise<void>;

  /** Shows a banner of the system, in the place of the one with the same key. */
  showBanner(banner: Banner): Promise<void>;
  /** Takes one from the screen, if it is there still. */
  hideBanner(key: BannerKey): Promise<void>;
  /** What was told on this device, the newest first. */
  notifications(): Promise<NotificationLine[]>;
  /** The list was looked at, up to and with that line. */
  seeNotifications(position: number): Promise<void>;
  /** How the operator is told of what. */
  notificationChoices(): Promise<NotificationChoices>;
  /** The operator wants to be told so from now on. */
  setNotificationSettings(settings: NotificationSettings): Promise<void>;
  /** Tells what window, tray and taskbar show. */
  setBadge(badge: Badge): Promise<void>;
  /** What was chosen for this desktop, and what it can do. */
  desktop(): Promise<DesktopView>;
  /** Changes it; rejects with a code if the desktop does not do it. */
  changeDesktop(change: DesktopChange): Promise<DesktopView>;
  /** Hides the window; the panel goes on in the tray. */
  hideWindow(): Promise<void>;
  /** The link that the panel was started with, or was given since; it is told once. */
  takeLink(): Promise<Link | null>;
  /** Opens a link outside: http, https, mailto, tel. */
  openLink(url: string): Promise<void>;
  /** Asks where a text is to be saved, and saves it there; false if nothing was chosen. */
  saveText(suggestedName: string, contents: string): Promise<boolean>;
  /** The same for what is no text, such as a picture. */
  saveBytes(suggestedName: string, contents: Uint8Array): Promise<boolean>;
  /** Ends the program. */
  quit(): Promise<void>;

  /** Calls `listener` with each batch of events. */
  onEvents(listener: (events: PanelEvent[]) => void): Promise<Unlisten>;
  /** Calls `listener` when the desktop wishes something. */
  onWish(listener: (wish: Wish) => void): Promise<Unlisten>;
  /** Calls `listener` when a banner was clicked. */
  onBannerClicked(listener: (click: BannerClick) => void): Promise<Unlisten>;
}

/** A banner in words. */
export interface Banner {
  /** What it is about. */
  key: BannerKey;
  title: string;
  body: string;
  /** The chat that a click opens, and the entry there that it leads to. */
  chatId: ChatId | null;
  place: Place | null;
  /** What its buttons say; none for those that are not there. */
  open: string | null;
  reply: string | null;
  isUrgent: boolean;
}

/** A click on a banner. */
export interface BannerClick {
  key: BannerKey;
  chatId: ChatId | null;
  place: Place | null;
  /** Whether its operator wants to write at once. */
  reply: boolean;
}
