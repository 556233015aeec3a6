/** The archive and clients' cards of the panel in memory. */
import type { ArchiveHit } from './generated/ArchiveHit';
import type { ArchivePage } from './generated/ArchivePage';
import type { ArchiveQuery } from './generated/ArchiveQuery';
import type { ChatId } from './generated/ChatId';
import type { ChatRow } from './generated/ChatRow';
import type { ClientHistory } from './generated/ClientHistory';
import type { EntryRow } from './generated/EntryRow';
import type { HistoryPage } from './generated/HistoryPage';
import type { PanelError } from './generated/PanelError';
import type { Place } from './generated/Place';
import type { SearchPage } from './generated/SearchPage';
import type { SearchQuery } from './generated/SearchQuery';
import type { Talk } from './generated/Talk';
import { foundLine } from '../format/entries';
import { folded } from '../format/search';
import type { MemoryChat, World } from './world';

/** The closed chats that are found, last active first. */
export function archive(world: World, query: ArchiveQuery): ArchivePage {
  needConnection(world);
  const hits = [...world.chats.values()]
    .filter((chat) => chat.row.status === 'closed' && mayFind(world, chat))
    .filter(({ row }) => query.owner_id === undefined || row.owner_id === query.owner_id)
    .filter(({ row }) => row.last_activity_at >= (query.from ?? 0))
    .filter(({ row }) => row.last_activity_at < (query.until ?? Infinity))
    .sort(
      ({ row: a }, { row: b }) => b.last_activity_at - a.last_activity_at || (a.id < b.id ? 1 : -1),
    )
    .map((chat) =>
      hitOf(
        chat,
        folded(query.text ?? '')
          .split(/\s+/u)
          .filter(Boolean),
      ),
    )
    .filter((hit) => hit !== null);
  const behind = placeOf(query.after);
  const left = behind === null ? hits : hits.filter(({ chat }) => isBehind(chat, behind));
  const page = left.slice(0, query.limit ?? 30);
  const last = page.at(-1)?.chat;
  return { hits: page, next: left.length > page.length && last ? cursorAt(last) : null };
}

/** What is found on the device: the beginnings of words alone, the newest first. */
export function search(world: World, query: SearchQuery): SearchPage {
  const words = folded(query.text ?? '')
    .split(/\s+/u)
    .filter(Boolean);
  const has = (text: string): boolean => {
    const line = folded(text).split(/[^\p{L}\p{N}]+/u);
    return words.every((word) => line.some((one) => one.startsWith(word)));
  };
  const chats = [...world.chats.values()];
  const isNarrowed = Object.keys(query).some((key) => key !== 'text');
  const entries = chats
    .flatMap(({ row, entries }) => entries.map((line) => ({ chat: row, line, forms: [] })))
    .filter(({ chat }) => chat.client.id === (query.client_id ?? chat.client.id))
    .filter(({ line }) => line.author_id === (query.author_id ?? line.author_id))
    .filter(({ line }) => query.only !== 'comments' || line.body.kind === 'comment')
    .filter(({ line }) => query.only !== 'files' || line.body.kind === 'inbound_placeholder')
    .filter(({ line }) => {
      const text = foundLine(line.body)?.text;
      return text !== undefined && has(text);
    })
    .sort((a, b) => b.line.sent_at - a.line.sent_at);
  return {
    entries,
    next: null,
    chats: isNarrowed
      ? []
      : chats
          .map(({ row }) => row)
          .filter((row) => row.status === 'closed' && has(row.client.name ?? '')),
    has_more_chats: false,
    n_missing: 0,
  };
}

/** A place as the backend writes it: when a chat was last active, and the chat. */
function cursorAt({ id, last_activity_at }: ChatRow): string {
  return `${last_activity_at}_${id}`;
}

function placeOf(cursor: string | undefined): { at: number; id: ChatId } | null {
  const [, at, id] = /^(-?\d+)_(.+)$/u.exec(cursor ?? '') ?? [];
  return at === undefined || id === undefined ? null : { at: Number(at), id };
}

function isBehind(chat: ChatRow, { at, id }: { at: number; id: ChatId }): boolean {
  return chat.last_activity_at < at || (chat.last_activity_at === at && chat.id < id);
}

/** A stretch of the history of a chat that was found. */
export function archived(
  world: World,
  chatId: ChatId,
  before: Place | null,
  limit: number,
): HistoryPage {
  needConnection(world);
  const { entries } = chatOf(world, chatId);
  const until = before === null ? entries.length : before - 1;
  return { entries: entries.slice(Math.max(0, until - limit), until) };
}

/** What the card shows besides the chat's row. */
export function card(world: World, chatId: ChatId): ClientHistory {
  needConnection(world);
  const chat = chatOf(world, chatId);
  const talks: Talk[] = [];
  for (const { body, sent_at, place } of chat.entries) {
    if (body.kind !== 'notice' || body.notice.what !== 'closed') continue;
    talks.unshift({ closed_at: sent_at, closed_by: body.notice.by, last_place: place });
  }
  const first = chat.entries.find(({ body }) => body.kind.startsWith('inbound'));
  return {
    first_contact_at: first?.sent_at ?? null,
    last_contact_at: chat.row.last_activity_at,
    talks: talks.slice(0, 50),
    n_talks: talks.length + (chat.row.status === 'closed' ? 0 : 1),
  };
}

function chatOf(world: World, chatId: ChatId): MemoryChat {
  const chat = world.chats.get(chatId);
  if (chat === undefined) throw panelError('refused');
  return chat;
}

function mayFind(world: World, chat: MemoryChat): boolean {
  const me = world.session?.operator;
  if (me === undefined) return false;
  if (me.role !== 'operator' || chat.row.owner_id === me.id) return true;
  return chat.entries.some((entry) => entry.author_id === me.id);
}

function hitOf(chat: MemoryChat, words: readonly string[]): ArchiveHit | null {
  const { client } = chat.row;
  const named = words.filter(
    (word) => !begins(client.name ?? '', word) && !isOfNumber(client.phone ?? '', word),
  );
  if (named.length === 0 && words.length > 0) return { chat: { ...chat.row }, line: null };
  if (words.length === 0) return { chat: { ...chat.row }, line: null };
  const line = chat.entries.findLast((entry) => named.every((word) => begins(textOf(entry), word)));
  return line === undefined ? null : { chat: { ...chat.row }, line };
}

function begins(text: string, word: string): boolean {
  return folded(text)
    .split(/[^\p{L}\p{N}]+/u)
    .some((one) => one.startsWith(word));
}

function isOfNumber(phone: string, word: string): boolean {
  const digits = word.replace(/[-+()]/gu, '');
  return /^\d+$/u.test(digits) && phone.includes(digits);
}

function textOf({ body }: EntryRow): string {
  if (body.kind === 'notice') return '';
  return body.kind === 'inbound_placeholder' ? (body.caption ?? '') : body.text;
}

export function needConnection(world: World): void {
  if (world.connection.state !== 'live') throw panelError('offline');
}

function panelError(code: PanelError['code']): PanelError & Error {
  return Object.assign(new Error(code), { code, problem: null });
}
