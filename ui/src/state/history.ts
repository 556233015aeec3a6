/** A chat's history as rows: entries and echoes with day chips, the "new" line and joined bubbles. */
import type { Echo } from '../api/generated/Echo';
import type { EntryRow } from '../api/generated/EntryRow';
import type { OperatorId } from '../api/generated/OperatorId';
import type { Place } from '../api/generated/Place';
import { type Day, dayOf } from '../format/time';

/** The key of the "new" line. */
export const NEW_KEY = 'new';

/** Bubbles of one author within this time are joined. */
const JOINED_WITHIN_MS = 5 * 60 * 1000;

export type HistoryRow =
  | { kind: 'start'; key: string }
  | { kind: 'day'; key: string; at: number }
  | { kind: 'new'; key: string }
  | { kind: 'entry'; key: string; entry: EntryRow; isFirst: boolean; isLast: boolean }
  | { kind: 'echo'; key: string; echo: Echo; isFirst: boolean; isLast: boolean };

export interface HistoryInput {
  entries: readonly EntryRow[];
  echoes: readonly Echo[];
  /** The "new" line stands after this place; none for no line. */
  newAfter: Place | null;
  /** Whether the first entry is the chat's very first. */
  isComplete: boolean;
  /** Who reads, and so wrote the echoes. */
  me: OperatorId | null;
}

export function historyRows({
  entries,
  echoes,
  newAfter,
  isComplete,
  me,
}: HistoryInput): HistoryRow[] {
  const rows: HistoryRow[] = [];
  if (isComplete && entries.length > 0) rows.push({ kind: 'start', key: 'start' });
  let day: Day | null = null;
  let previous: Bubble | null = null;
  let isNewLineDrawn = newAfter === null;

  const beginDay = (at: number): void => {
    if (day !== null && at >= day.from && at < day.until) return;
    day = dayOf(at);
    previous = null;
    // Named by where it stands, not by its day: clocks of providers may go back over midnight.
    rows.push({
      kind: 'day',
      key: `day-${day.key}-${rows.length === 0 ? 'first' : lastKey(rows)}`,
      at,
    });
  };
  const append = (row: BubbleRow, bubble: Bubble | null): void => {
    if (bubble !== null && previous !== null && joins(previous, bubble)) {
      row.isFirst = false;
      previous.row.isLast = false;
    }
    previous = bubble;
    rows.push(row);
  };

  for (const entry of entries) {
    const at = shownAt(entry);
    beginDay(at);
    if (!isNewLineDrawn && newAfter !== null && entry.place > newAfter) {
      isNewLineDrawn = true;
      previous = null;
      rows.push({ kind: 'new', key: NEW_KEY });
    }
    const row: BubbleRow = {
      kind: 'entry',
      key: entryKey(entry),
      entry,
      isFirst: true,
      isLast: true,
    };
    append(row, entry.body.kind === 'notice' ? null : { row, author: authorOf(entry), at });
  }
  for (const echo of unmarriedEchoes(entries, echoes)) {
    const at = echo.written_at;
    beginDay(at);
    const row: BubbleRow = {
      kind: 'echo',
      key: echo.command_id,
      echo,
      isFirst: true,
      isLast: true,
    };
    append(row, { row, author: `${echo.mode} ${me ?? ''}`, at });
  }
  return rows;
}

/** So many unread messages that are still to be read from the panel or the backend are waited for. */
const MAX_AWAITED = 200;

/** How many unread messages stand before the first entry that there is. */
function nUnreadBefore(entries: readonly EntryRow[], newAfter: Place | null): number {
  const first = entries[0];
  return first === undefined || newAfter === null ? 0 : Math.max(0, first.place - 1 - newAfter);
}

/** Whether the first unread message is still to come, and near enough to be waited for. */
export function isNewAwaited(entries: readonly EntryRow[], newAfter: Place | null): boolean {
  const n = nUnreadBefore(entries, newAfter);
  return n > 0 && n <= MAX_AWAITED;
}

/**
 * The key of the row at which reading begins: the "new" line, which moves up until all that is unread
 * is there; where that is far, such as in a long history that its reader has never opened, the first
 * unread message that is there already, which stays where it is.
 */
export function newRowKey(entries: readonly EntryRow[], newAfter: Place): string {
  const isFar = nUnreadBefore(entries, newAfter) > MAX_AWAITED;
  const first = isFar ? entries[0] : undefined;
  return first === undefined ? NEW_KEY : entryKey(first);
}

/**
 * The same for an entry and the echo it was before: the row stays where it is when they marry. Only
 * the message itself takes the command's id, for a command may make notices too.
 */
export function entryKey(entry: EntryRow): string {
  const { kind } = entry.body;
  return kind === 'outbound' || kind === 'comment' ? (entry.command_id ?? entry.id) : entry.id;
}

/** The echoes whose entry is not there yet. */
function unmarriedEchoes(entries: readonly EntryRow[], echoes: readonly Echo[]): Echo[] {
  if (echoes.length === 0) return [];
  const married = new Set(entries.map((entry) => entry.command_id));
  return echoes.filter((echo) => !married.has(echo.command_id));
}

/**
 * What is held and the newest stretch, as one without holes. If the two do not touch, the newest
 * stands alone and the older are read again when somebody scrolls there.
 */
export function mergeNewest(held: readonly EntryRow[], newest: readonly EntryRow[]): EntryRow[] {
  const first = newest[0];
  if (first === undefined) return [];
  const older = held.filter((entry) => entry.place < first.place);
  const touches = older.at(-1)?.place === first.place - 1;
  return touches ? [...older, ...newest] : [...newest];
}

/** Older entries before those held; whatever both hold is taken once. */
export function mergeOlder(older: readonly EntryRow[], held: readonly EntryRow[]): EntryRow[] {
  const first = held[0];
  if (first === undefined) return [...older];
  return [...older.filter((entry) => entry.place < first.place), ...held];
}

/** When an entry happened, as it is shown: the provider's word, which is when it was written. */
export function shownAt(entry: EntryRow): number {
  return entry.sent_at;
}

type BubbleRow = Extract<HistoryRow, { kind: 'entry' | 'echo' }>;

interface Bubble {
  row: BubbleRow;
  author: string;
  at: number;
}

function joins(previous: Bubble, next: Bubble): boolean {
  return previous.author === next.author && Math.abs(next.at - previous.at) < JOINED_WITHIN_MS;
}

function authorOf(entry: EntryRow): string {
  const who = entry.author_id ?? entry.integration_id ?? entry.automatic ?? '';
  switch (entry.body.kind) {
    case 'outbound':
      return `reply ${who}`;
    case 'comment':
      return `comment ${who}`;
    default:
      return 'client';
  }
}

function lastKey(rows: readonly HistoryRow[]): string {
  return rows.at(-1)?.key ?? '';
}
