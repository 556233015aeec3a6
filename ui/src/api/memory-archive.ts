/** The archive and the client's card of the panel in memory. */
import type { ArchivePage } from './generated/ArchivePage';
import type { ArchiveQuery } from './generated/ArchiveQuery';
import type { ChatId } from './generated/ChatId';
import type { ClientHistory } from './generated/ClientHistory';
import type { HistoryPage } from './generated/HistoryPage';
import type { Place } from './generated/Place';
import type { World } from './world';

/** The closed chats in which the query's text stands. */
export function archive(world: World, query: ArchiveQuery): ArchivePage {
  const wanted = (query.text ?? '').toLowerCase();
  const chats = [...world.chats.values()].filter(
    ({ row }) => row.status === 'closed' && (row.client.name ?? '').toLowerCase().includes(wanted),
  );
  return { hits: chats.map(({ row }) => ({ chat: row, line: null })), has_more: false };
}

/** A stretch of a chat that was found. */
export function archived(
  world: World,
  chatId: ChatId,
  before: Place | null,
  limit: number,
): HistoryPage {
  const entries = world.chats.get(chatId)?.entries ?? [];
  const until = before === null ? entries.length : before - 1;
  return { entries: entries.slice(Math.max(0, until - limit), until) };
}

/** What the card shows besides the chat. */
export function card(world: World, chatId: ChatId): ClientHistory {
  const chat = world.chats.get(chatId);
  return {
    first_contact_at: chat?.entries[0]?.sent_at ?? null,
    last_contact_at: chat?.row.last_activity_at ?? 0,
    talks: [],
    n_talks: 1,
  };
}
