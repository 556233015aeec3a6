/** The groups of chats as one list of rows: what the list view draws from top to bottom. */
import type { ChatId } from '../api/generated/ChatId';
import type { ChatRow } from '../api/generated/ChatRow';
import type { ChatSummary } from '../api/generated/ChatSummary';
import type { FoundEntry } from '../api/generated/FoundEntry';
import type { Overview } from '../api/generated/Overview';
import type { Shell } from '../api/generated/Shell';
import type { Timestamp } from '../api/generated/Timestamp';
import { clientName } from '../format/people';
import { searchable } from '../format/search';

export type GroupName = 'shells' | 'in_work' | 'observed' | 'queued';

/** A row of the list. */
export type ListRow =
  | {
      kind: 'group';
      key: string;
      group: GroupName;
      n: number;
      /** How many of their clients wait for an answer, and since when the first of them does. */
      nWaiting: number;
      waitingSince: Timestamp | null;
      nMentions: number;
      isFolded: boolean;
    }
  | { kind: 'chat'; key: string; group: GroupName; summary: ChatSummary }
  | { kind: 'shell'; key: string; shell: Shell }
  | { kind: 'empty'; key: string; group: GroupName }
  /** What a search besides the lists has found. */
  | { kind: 'heading'; key: 'closed' | 'entries' }
  | { kind: 'closed'; key: string; chat: ChatRow }
  | { kind: 'more_closed'; key: string }
  | { kind: 'entry'; key: string; found: FoundEntry }
  /** Nothing was found, or not everything can be found yet. */
  | { kind: 'hint'; key: 'nothing' | 'missing' }
  /** Goes on in the archive. */
  | { kind: 'archive'; key: string };

/**
 * The rows for `overview`. The order within a group is the panel's. Groups that are empty are left
 * out, save the two that every operator works from. A filter unfolds everything and shows hits only.
 */
export function listRows(
  overview: Pick<Overview, 'in_work' | 'observed' | 'queued' | 'shells'>,
  { filter = '', isFolded = (): boolean => false }: ListOptions = {},
): ListRow[] {
  const wanted = searchable(filter);
  const rows: ListRow[] = [];

  // A chat that has come back is a chat again: its text is its draft, and it has one row.
  const seen = new Set(
    [...overview.in_work, ...overview.observed, ...overview.queued].map(({ chat }) => chat.id),
  );
  const shells = overview.shells.filter(
    (shell) => !seen.has(shell.chat_id) && shellMatches(shell, wanted),
  );
  if (shells.length > 0) {
    const folded = wanted === '' && isFolded('shells');
    rows.push(header('shells', shells.length, [], folded));
    if (!folded) {
      for (const shell of shells) rows.push({ kind: 'shell', key: shell.chat_id, shell });
    }
  }
  for (const group of ['in_work', 'observed', 'queued'] as const) {
    const chats = overview[group].filter((summary) => chatMatches(summary, wanted));
    if (chats.length === 0 && (wanted !== '' || group === 'observed')) continue;
    const folded = wanted === '' && isFolded(group);
    rows.push(header(group, chats.length, chats, folded));
    if (folded) continue;
    for (const summary of chats) {
      rows.push({ kind: 'chat', key: summary.chat.id, group, summary });
    }
    if (chats.length === 0) rows.push({ kind: 'empty', key: `empty-${group}`, group });
  }
  return rows;
}

/** What a search has found on this device, as rows below the lists. `nListed` chats are found there. */
export function foundRows(search: Found, nListed: number): ListRow[] {
  const rows: ListRow[] = [];
  if (search.shownChats.length > 0) {
    rows.push({ kind: 'heading', key: 'closed' });
    for (const chat of search.shownChats) {
      rows.push({ kind: 'closed', key: `closed-${chat.id}`, chat });
    }
    if (search.shownChats.length < search.chats.length) {
      rows.push({ kind: 'more_closed', key: 'more-closed' });
    }
  }
  if (search.entries.length > 0) {
    rows.push({ kind: 'heading', key: 'entries' });
    for (const found of search.entries) {
      rows.push({ kind: 'entry', key: `entry-${found.line.id}`, found });
    }
  }
  if (nListed === 0 && rows.length === 0) rows.push({ kind: 'hint', key: 'nothing' });
  if (search.nMissing > 0) rows.push({ kind: 'hint', key: 'missing' });
  rows.push({ kind: 'archive', key: 'archive' });
  return rows;
}

/** What a search has found. */
export interface Found {
  chats: readonly ChatRow[];
  shownChats: readonly ChatRow[];
  entries: readonly FoundEntry[];
  nMissing: number;
}

/** Whether the focus stops at it on its way through the list. */
function isStop({ kind }: ListRow): boolean {
  return ['chat', 'shell', 'closed', 'more_closed', 'entry', 'archive'].includes(kind);
}

export interface ListOptions {
  filter?: string;
  isFolded?: (group: GroupName) => boolean;
}

/** How many clients wait for an answer that this operator could give. */
export function nWaiting(overview: Pick<Overview, 'in_work' | 'observed' | 'queued'>): number {
  const waits = (summary: ChatSummary): boolean => summary.chat.waiting_since !== null;
  return overview.in_work.filter(waits).length + overview.queued.filter(waits).length;
}

/**
 * The chats whose clients wait for an answer that this operator could give, the longest first, besides
 * those in which something of this operator's is about to be done.
 */
function waiting(overview: Pick<Overview, 'in_work' | 'queued'>): ChatId[] {
  return [...overview.in_work, ...overview.queued]
    .filter(({ chat, pending }) => chat.waiting_since !== null && pending === null)
    .sort((a, b) => (a.chat.waiting_since ?? 0) - (b.chat.waiting_since ?? 0))
    .map(({ chat }) => chat.id);
}

/** The chat besides one whose client waits longest. */
export function longestWaiting(
  overview: Pick<Overview, 'in_work' | 'queued'>,
  besides: ChatId,
): ChatId | null {
  return waiting(overview).find((id) => id !== besides) ?? null;
}

/** Who stands `step` from `from` among those who wait, in a ring; the longest waiting if `from` does not. */
export function waitingNeighbour(
  overview: Pick<Overview, 'in_work' | 'queued'>,
  from: ChatId | null,
  step: 1 | -1,
): ChatId | null {
  const ids = waiting(overview);
  const at = from === null ? -1 : ids.indexOf(from);
  const next = at === -1 ? ids[0] : ids[(at + step + ids.length) % ids.length];
  return next === undefined || next === from ? null : next;
}

/** The chat of the list that `step` rows lie between it and `from`; the first if there is none. */
export function neighbour(
  rows: readonly ListRow[],
  from: string | null,
  step: 1 | -1,
): string | null {
  const keys = rows.filter(isStop).map((row) => row.key);
  const at = from === null ? -1 : keys.indexOf(from);
  if (at === -1) return (step === 1 ? keys[0] : keys.at(-1)) ?? null;
  return keys[at + step] ?? null;
}

/** Where a row stood, for when it has gone. */
export interface Stand {
  group: GroupName | null;
  /** How many chats stood above it in its group. */
  at: number;
}

/** Where the row of this key stands; none if it is not there. */
export function standOf(rows: readonly ListRow[], key: string | null): Stand | null {
  let stand: Stand = { group: null, at: 0 };
  for (const row of rows) {
    if (row.kind === 'group') stand = { group: row.group, at: 0 };
    else if (row.key === key) return stand;
    else stand = { ...stand, at: stand.at + 1 };
  }
  return null;
}

/** The chat that took the place of one that has gone: the next of its group, or the one before; then any. */
export function inPlaceOf(rows: readonly ListRow[], stand: Stand | null): string | null {
  const group = rows.findIndex((row) => row.kind === 'group' && row.group === stand?.group);
  if (stand !== null && group !== -1) {
    const keys: string[] = [];
    for (const row of rows.slice(group + 1)) {
      if (row.kind === 'group') break;
      if (row.kind === 'chat' || row.kind === 'shell') keys.push(row.key);
    }
    const key = keys[stand.at] ?? keys.at(-1);
    if (key !== undefined) return key;
  }
  return neighbour(rows, null, 1);
}

/** "Unanswered", not "unread", is what counts: who has read a message has not answered it. */
function header(
  group: GroupName,
  n: number,
  chats: readonly ChatSummary[],
  isFolded: boolean,
): ListRow {
  const since = chats.map(({ chat }) => chat.waiting_since).filter((at) => at !== null);
  return {
    kind: 'group',
    key: `group-${group}`,
    group,
    n,
    nWaiting: since.length,
    waitingSince: since.length === 0 ? null : Math.min(...since),
    nMentions: chats.reduce((sum, { n_mentions }) => sum + n_mentions, 0),
    isFolded,
  };
}

/** Whether a chat is meant by what was typed, as `searchable` makes it. */
export function chatMatches(summary: ChatSummary, wanted: string): boolean {
  if (wanted === '') return true;
  const { client, preview } = summary.chat;
  const names = searchable(`${clientName(client)} ${client.own_name ?? ''}`);
  if (wanted.split(/\s+/u).every((word) => names.includes(word))) return true;
  if (searchable(preview?.text ?? '').includes(wanted)) return true;
  const digits = wanted.replace(/\D/gu, '');
  // What else stands in it is words, and no way to write a number.
  if (digits.length < 3 || /\p{L}/u.test(wanted)) return false;
  const phone = client.phone?.replace(/\D/gu, '') ?? '';
  // Whoever types a number as it is dialled here begins with 8, the client's begins with 7.
  const asDialled = digits.startsWith('8') ? `7${digits.slice(1)}` : digits;
  return phone.includes(digits) || phone.startsWith(asDialled);
}

function shellMatches(shell: Shell, wanted: string): boolean {
  return searchable(`${shell.client_name ?? ''} ${shell.text} ${shell.comment}`).includes(wanted);
}
