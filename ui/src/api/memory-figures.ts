/** Figures of the panel in memory: what an office of a few colleagues may do in some days. */
import type { AnswerTimes } from './generated/AnswerTimes';
import type { FigureSet } from './generated/FigureSet';
import type { FiguresQuery } from './generated/FiguresQuery';
import type { OperatorId } from './generated/OperatorId';
import type { ServiceFigures } from './generated/ServiceFigures';
import { needConnection } from './memory-archive';
import type { World } from './world';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

interface Thing {
  day: number;
  hour: number;
  operator: OperatorId | null;
  what: 'new' | 'back' | 'message' | 'first' | 'next' | 'closed';
  waitedMs: number;
}

/** The figures of those days; nothing happened on them in a company without chats. */
export function figures(world: World, query: FiguresQuery): ServiceFigures {
  needConnection(world);
  const operators = world.chats.size === 0 ? [] : world.operators.map(({ id }) => id);
  const first = Date.parse(`${query.from}T00:00:00Z`) / DAY;
  const last = Date.parse(`${query.to}T00:00:00Z`) / DAY;
  const withinS = query.within_s ?? 300;
  const things: Thing[] = [];
  for (let day = first; day <= last; day += 1) things.push(...ofDay(day, operators));
  const wanted = query.operator_id;
  const meant =
    wanted === undefined ? things : things.filter(({ operator }) => operator === wanted);
  const set = (is: (thing: Thing) => boolean): FigureSet => sum(meant.filter(is), withinS * 1000);
  const people = new Set(meant.map(({ operator }) => operator));
  return {
    from: query.from,
    to: query.to,
    zone: query.zone,
    within_s: withinS,
    total: set(() => true),
    by_day: Array.from({ length: last - first + 1 }, (_, n) => ({
      day: new Date((first + n) * DAY).toISOString().slice(0, 10),
      figures: set(({ day }) => day === first + n),
    })),
    by_hour: Array.from({ length: 24 }, (_, n) => set(({ hour }) => hour === n)),
    by_operator: [...people].map((id) => ({
      operator_id: id,
      figures: set(({ operator }) => operator === id),
    })),
  };
}

/** More in the middle of the day and of the week; always the same on the same day. */
function ofDay(day: number, operators: readonly OperatorId[]): Thing[] {
  if (operators.length === 0) return [];
  let state = day * 7919 + 17;
  const chance = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const isWeekend = (day + 4) % 7 === 0 || (day + 4) % 7 === 6;
  const things: Thing[] = [];
  for (let hour = 8; hour < 21; hour += 1) {
    const n = Math.round(
      (isWeekend ? 2 : 7) * Math.sin(((hour - 7) / 14) * Math.PI) * (0.5 + chance()),
    );
    for (let talk = 0; talk < n; talk += 1) {
      const operator = operators[Math.floor(chance() ** 1.5 * operators.length)] ?? null;
      const wait = (): number => Math.round((0.2 + 9 * chance() ** 4) * 2 * MINUTE);
      const thing = (what: Thing['what'], of: OperatorId | null, waitedMs = 0): void => {
        things.push({ day, hour, operator: of, what, waitedMs });
      };
      if (chance() < 0.3) thing('new', null);
      else thing('back', operator);
      thing('first', operator, wait());
      for (let more = 0; more < 1 + chance() * 3; more += 1) {
        thing('message', operator);
        thing('next', operator, wait());
      }
      if (chance() < 0.85) thing('closed', operator);
    }
  }
  return things;
}

function sum(things: readonly Thing[], withinMs: number): FigureSet {
  const n = (...names: Thing['what'][]): number =>
    things.filter(({ what }) => names.includes(what)).length;
  return {
    n_messages: n('new', 'back', 'message'),
    n_arrivals: n('new', 'back'),
    n_new: n('new'),
    n_closed: n('closed'),
    first_answers: times(things, 'first', withinMs),
    next_answers: times(things, 'next', withinMs),
  };
}

function times(things: readonly Thing[], name: Thing['what'], withinMs: number): AnswerTimes {
  const waits = things.filter(({ what }) => what === name).map(({ waitedMs }) => waitedMs);
  waits.sort((a, b) => a - b);
  const n = waits.length;
  return {
    n,
    n_within: waits.filter((ms) => ms <= withinMs).length,
    median_ms: waits[Math.ceil(n / 2) - 1] ?? null,
    p90_ms: waits[Math.ceil((n * 9) / 10) - 1] ?? null,
    mean_ms: n === 0 ? null : Math.floor(waits.reduce((all, ms) => all + ms, 0) / n),
  };
}
