/** Everybody's chats of the panel in memory, and what a supervisor does with several of them. */
import type { ChatDeed } from './generated/ChatDeed';
import type { ChatId } from './generated/ChatId';
import type { ChatRow } from './generated/ChatRow';
import type { ChatsPage } from './generated/ChatsPage';
import type { ChatsQuery } from './generated/ChatsQuery';
import type { CommandId } from './generated/CommandId';
import type { DeedOutcome } from './generated/DeedOutcome';
import type { LateChats } from './generated/LateChats';
import type { LateLimits } from './generated/LateLimits';
import type { Load } from './generated/Load';
import type { OperatorId } from './generated/OperatorId';
import type { OverseenChat } from './generated/OverseenChat';
import type { OverseerDeed } from './generated/OverseerDeed';
import type { PanelError } from './generated/PanelError';
import type { Problem } from './generated/Problem';
import type { Workload } from './generated/Workload';
import type { MemoryChat, World } from './world';

const MINUTE = 60_000;

/** From when on a client waits too long, as the company has set it. */
function limits({ company: { settings } }: World): LateLimits {
  return {
    first_answer_minutes: settings.late_first_answer_minutes,
    answer_minutes: settings.late_answer_minutes,
  };
}

/** Chats that fit, as the backend lists them. */
export function chats(world: World, query: ChatsQuery): ChatsPage {
  needRight(world);
  const ids = query.ids?.split(',');
  const byActivity = query.order === 'activity' || query.status === 'closed';
  const found = [...world.chats.values()]
    .map(({ row }) => row)
    .filter(({ status }) =>
      query.status === undefined ? status !== 'closed' : status === query.status,
    )
    .filter(({ owner_id }) => query.owner_id === undefined || owner_id === query.owner_id)
    .filter(({ id }) => ids === undefined || ids.includes(id))
    .filter((row) => isNamed(row, query.text ?? ''))
    .sort((a, b) =>
      byActivity
        ? b.last_activity_at - a.last_activity_at || (a.id < b.id ? 1 : -1)
        : (a.waiting_since ?? Infinity) - (b.waiting_since ?? Infinity) || (a.id < b.id ? -1 : 1),
    );
  const at = query.after === undefined ? -1 : found.findIndex(({ id }) => id === query.after);
  const limit = query.limit ?? 100;
  const page = found.slice(at + 1, at + 1 + limit);
  const last = page.at(-1);
  const hasMore = found.length > at + 1 + limit;
  return {
    chats: page.map((row) => ({ ...row })),
    next: hasMore && last !== undefined ? last.id : null,
  };
}

function isNamed({ client }: ChatRow, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return true;
  const name = (client.name ?? '').toLowerCase();
  const digits = wanted.replace(/\D/gu, '');
  return (
    name.split(/\s+/u).some((word) => word.startsWith(wanted)) ||
    (digits !== '' && (client.phone ?? '').includes(digits))
  );
}

/** How much there is to do, and with whom. */
export function workload(world: World): Workload {
  needRight(world);
  const open = [...world.chats.values()].map(({ row }) => row);
  const inWork = open.filter(({ status }) => status === 'in_work');
  return {
    queued: load(
      world,
      open.filter(({ status }) => status === 'queued'),
    ),
    in_work: load(world, inWork),
    operators: world.operators
      .map(({ id }) => ({
        operator_id: id,
        in_work: load(
          world,
          inWork.filter(({ owner_id }) => owner_id === id),
        ),
        n_observed: open.filter(({ observer_ids }) => observer_ids.includes(id)).length,
      }))
      .filter(({ in_work, n_observed }) => in_work.n + n_observed > 0),
    limits: limits(world),
  };
}

function load(world: World, rows: readonly ChatRow[]): Load {
  const waits = rows.map(({ waiting_since }) => waiting_since).filter((since) => since !== null);
  return {
    n: rows.length,
    n_waiting: waits.length,
    n_late: rows.filter((row) => isLate(world, row)).length,
    waiting_since: waits.length === 0 ? null : Math.min(...waits),
  };
}

function limitOf(world: World, { status }: ChatRow): number {
  const { first_answer_minutes, answer_minutes } = limits(world);
  return (status === 'queued' ? first_answer_minutes : answer_minutes) ?? Infinity;
}

function isLate(world: World, row: ChatRow): boolean {
  if (row.status === 'closed' || row.waiting_since === null) return false;
  return Date.now() - row.waiting_since >= limitOf(world, row) * MINUTE;
}

/** Whose clients wait too long, as far as it is for whoever is signed in. */
export function late(world: World): LateChats {
  const me = world.session?.operator;
  if (me === undefined || world.connection.state !== 'live') return { chats: [], n: 0 };
  const found = [...world.chats.values()]
    .map(({ row }) => row)
    .filter((row) => isLate(world, row) && (me.role !== 'operator' || row.owner_id === me.id))
    .map((row) => ({
      chat_id: row.id,
      owner_id: row.owner_id,
      waiting_since: row.waiting_since ?? 0,
      limit_minutes: limitOf(world, row),
    }));
  return { chats: found, n: found.length };
}

/** A command that was given to a chat. */
interface Given {
  id: CommandId;
  chatId: ChatId;
  deed: OverseerDeed;
  outcome: DeedOutcome;
}

/** How a chat changes; the panel in memory knows. */
type Do = (chat: MemoryChat, deed: ChatDeed, me: OperatorId) => void;

/** The commands that were given to several chats, and what came of each. */
export class MemoryOverseer {
  /** What is refused, by chat. */
  readonly refuses = new Map<ChatId, Problem>();
  readonly #given: Given[] = [];
  readonly #world: World;
  readonly #do: Do;

  constructor(world: World, act: Do) {
    this.#world = world;
    this.#do = act;
  }

  /** Gives a command; it waits for `undoMs` if it can be taken back. */
  give(id: CommandId, chat: OverseenChat, deed: OverseerDeed, undoMs: number): void {
    const waits =
      deed.deed === 'close' ||
      deed.deed === 'return_to_queue' ||
      (deed.deed === 'give' && chat.status === 'in_work');
    const until = waits ? Date.now() + undoMs : null;
    const outcome: DeedOutcome = { command_id: id, state: 'waiting', until };
    this.#given.push({ id, chatId: chat.chat_id, deed, outcome });
  }

  /** Carries out what waits, or what waits no longer. Tells in which chats. */
  settle(ids: readonly CommandId[]): ChatId[] {
    const settled: ChatId[] = [];
    for (const given of this.#given) {
      if (given.outcome.state !== 'waiting' || !ids.includes(given.id)) continue;
      if (this.#world.connection.state !== 'live') continue;
      settled.push(given.chatId);
      const problem = this.refuses.get(given.chatId);
      const chat = this.#world.chats.get(given.chatId);
      if (problem !== undefined || chat === undefined) {
        const reason = problem ?? { code: 'chat_not_found', message: '', details: {} };
        given.outcome = { command_id: given.id, state: 'refused', problem: reason };
        continue;
      }
      given.outcome = { command_id: given.id, state: 'done' };
      this.#carryOut(chat, given.deed);
    }
    return settled;
  }

  outcomes(ids: readonly CommandId[]): DeedOutcome[] {
    return ids.map(
      (id) =>
        this.#given.find((given) => given.id === id)?.outcome ?? {
          command_id: id,
          state: 'withdrawn',
        },
    );
  }

  /** Withdraws what still waits so that it can be. */
  takeBack(ids: readonly CommandId[]): CommandId[] {
    const withdrawn: CommandId[] = [];
    for (const given of this.#given) {
      const { outcome } = given;
      if (!ids.includes(given.id) || outcome.state !== 'waiting' || outcome.until === null)
        continue;
      given.outcome = { command_id: given.id, state: 'withdrawn' };
      withdrawn.push(given.id);
    }
    return withdrawn;
  }

  #carryOut(chat: MemoryChat, deed: OverseerDeed): void {
    const me = this.#world.session?.operator.id ?? '';
    const { row } = chat;
    switch (deed.deed) {
      case 'give':
        return row.status === 'queued'
          ? this.#do(chat, { deed: 'assign', to: deed.to }, me)
          : this.#do(chat, { deed: 'transfer', to: deed.to, note: deed.note }, me);
      case 'comment':
        chat.append({ kind: 'comment', text: deed.text, mentions: deed.mentions }, me, Date.now());
        return;
      case 'reopen': {
        row.status = 'in_work';
        const owner = row.owner_id ?? me;
        row.owner_id = owner;
        chat.append(
          { kind: 'notice', notice: { what: 'reopened', by: me, owner } },
          me,
          Date.now(),
        );
        return;
      }
      case 'close':
      case 'return_to_queue':
      case 'set_observers':
        return this.#do(chat, deed, me);
    }
  }
}

function needRight(world: World): void {
  if (world.connection.state !== 'live') throw panelError('offline');
  if ((world.session?.operator.role ?? 'operator') === 'operator') throw panelError('refused');
}

function panelError(code: PanelError['code']): PanelError & Error {
  return Object.assign(new Error(code), { code, problem: null });
}
