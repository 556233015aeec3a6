/**
 * Everything that the page asks of the panel behind it, and hears from it.
 *
 * Two implementations: `tauri.ts` talks to the shell, `memory.ts` plays it for unit tests and for
 * working on the page in a browser. Nothing else in the page knows which of the two it has.
 */
import type { ChatId } from './generated/ChatId';
import type { CommandId } from './generated/CommandId';
import type { DraftRevision } from './generated/DraftRevision';
import type { LastSignIn } from './generated/LastSignIn';
import type { Overview } from './generated/Overview';
import type { PanelEvent } from './generated/PanelEvent';
import type { Place } from './generated/Place';
import type { SignInFailure } from './generated/SignInFailure';
import type { Timeline } from './generated/Timeline';

/** Ends a subscription. */
export type Unlisten = () => void;

/** The panel, as the page sees it. Promises reject with a `PanelError`. */
export interface Backend {
  /** Everything but histories. */
  overview(): Promise<Overview>;
  /** The newest `limit` entries of a chat, or those before `before`. */
  timeline(chatId: ChatId, before: Place | null, limit: number): Promise<Timeline>;
  /**
   * Puts a reply into the outbox; it is durable when this answers. With the draft's latest revision
   * it goes in the place of a refused reply, whose text the composer held.
   */
  reply(chatId: ChatId, text: string, seen: DraftRevision): Promise<CommandId>;
  /** Ends the chat, by the outbox. */
  closeChat(chatId: ChatId): Promise<CommandId>;
  /** Puts a closed chat back in work, by the outbox. */
  reopenChat(chatId: ChatId): Promise<CommandId>;
  /** Withdraws a reply that was not handed over yet; false if it was too late. */
  takeBack(commandId: CommandId): Promise<boolean>;
  /** Sends a held command again, knowing what is new; a reply with what stands in the draft. */
  sendAnyway(commandId: CommandId): Promise<CommandId>;
  /** Forgets a refused command; its text stays in the draft. */
  dismissHeld(commandId: CommandId): Promise<void>;
  /** Throws away the unsent text of a chat that is no longer seen. */
  discardShell(chatId: ChatId): Promise<void>;
  /** Keeps what has been begun to write; text that was put back after `seen` is kept besides. */
  setDraft(chatId: ChatId, text: string, seen: DraftRevision): Promise<void>;
  /** Tells how far the chat has been read. */
  markRead(chatId: ChatId, place: Place): Promise<void>;
  /** Tells what is on the screen, and whether the window is in front. */
  watch(chatId: ChatId | null, inFront: boolean): Promise<void>;
  /** Signs in; answers why not, or nothing. */
  signIn(address: string, login: string, password: string): Promise<SignInFailure | null>;
  /** Signs out; unless `force`, refuses while there is unsent text. */
  signOut(force: boolean): Promise<void>;
  /** What was typed into the sign-in screen last. */
  lastSignIn(): Promise<LastSignIn | null>;
  /** Tries to connect at once. */
  reconnect(): Promise<void>;

  /** Shows a banner of the system. */
  showBanner(chatId: ChatId, title: string, body: string): Promise<void>;
  /** Tells the window's title and the number that waits. */
  setBadge(n: number, title: string): Promise<void>;
  /** Opens a link outside: http, https, mailto, tel. */
  openLink(url: string): Promise<void>;
  /** Ends the program. */
  quit(): Promise<void>;

  /** Calls `listener` with each batch of events. */
  onEvents(listener: (events: PanelEvent[]) => void): Promise<Unlisten>;
  /** Calls `listener` when a banner was clicked. */
  onOpenChat(listener: (chatId: ChatId) => void): Promise<Unlisten>;
}
