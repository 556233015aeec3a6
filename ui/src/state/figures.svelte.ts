/** The figures for supervisors: which are asked for, and what the backend has counted. */
import type { Backend } from '../api/backend';
import type { ChannelId } from '../api/generated/ChannelId';
import type { FiguresQuery } from '../api/generated/FiguresQuery';
import type { OperatorId } from '../api/generated/OperatorId';
import type { ServiceFigures } from '../api/generated/ServiceFigures';
import type { Timestamp } from '../api/generated/Timestamp';
import { dayAfter, dayOf, nDays } from '../format/figures';

export const PERIODS = ['today', 'yesterday', 'week', 'month', 'own'] as const;
export type Period = (typeof PERIODS)[number];

/** Times within which an answer may be called in time, in seconds. */
export const WITHIN = [60, 180, 300, 600, 900, 1800, 3600] as const;

/** For how many days the backend tells figures at once. */
const MAX_DAYS = 400;

/** Which figures are asked for. Days are as date fields have them; those of one's own dates only. */
export interface FiguresFilters {
  period: Period;
  from: string;
  to: string;
  channelId: ChannelId | null;
  operatorId: OperatorId | null;
  withinS: number;
}

/** Why dates of one's own cannot be asked for. */
export type NoPeriod = 'missing' | 'backwards' | 'too_long';

type Reading = 'first' | 'again' | 'done' | 'failed';

export class FiguresState {
  filters = $state.raw<FiguresFilters>({
    period: 'week',
    from: '',
    to: '',
    channelId: null,
    operatorId: null,
    withinS: 300,
  });
  reading = $state<Reading>('first');
  /** Why reading failed. */
  error = $state.raw<unknown>(null);
  /** What was read last; stays while it is read again. */
  figures = $state.raw<ServiceFigures | null>(null);
  /** When that was. */
  readAt = $state<Timestamp>(0);

  readonly #backend: Backend;
  readonly #now: () => Timestamp;
  readonly #zone: () => string;
  /** Counts readings: an answer to any but the last is dropped. */
  #last = 0;

  /** `zone` says by whose clock days and hours are counted. */
  constructor(backend: Backend, now: () => Timestamp, zone: () => string) {
    this.#backend = backend;
    this.#now = now;
    this.#zone = zone;
  }

  /** Why nothing is asked for, if so. */
  readonly noPeriod = $derived.by((): NoPeriod | null => {
    const { period, from, to } = this.filters;
    if (period !== 'own') return null;
    if (from === '' || to === '') return 'missing';
    const n = nDays(from, to);
    if (n === null) return 'backwards';
    return n > MAX_DAYS ? 'too_long' : null;
  });

  /** Changes what is asked for, and asks. Dates of one's own begin as those that are shown. */
  narrow(filters: Partial<FiguresFilters>): void {
    const isOwn = filters.period === 'own' && this.filters.period !== 'own';
    const days = isOwn ? this.#days() : {};
    this.filters = { ...this.filters, ...days, ...filters };
    void this.read();
  }

  /** Asks again for the same. */
  async read(): Promise<void> {
    this.#last += 1;
    const reading = this.#last;
    if (this.noPeriod !== null) {
      if (this.reading === 'again') this.reading = 'done';
      return;
    }
    this.reading = this.figures === null ? 'first' : 'again';
    try {
      const figures = await this.#backend.figures(this.#query());
      if (reading !== this.#last) return;
      this.figures = figures;
      this.readAt = this.#now();
      this.reading = 'done';
    } catch (error) {
      if (reading !== this.#last) return;
      this.error = error;
      this.reading = 'failed';
    }
  }

  #days(): { from: string; to: string } {
    const { period, from, to } = this.filters;
    const today = dayOf(this.#now(), this.#zone());
    switch (period) {
      case 'today':
        return { from: today, to: today };
      case 'yesterday':
        return { from: dayAfter(today, -1), to: dayAfter(today, -1) };
      case 'week':
        return { from: dayAfter(today, -6), to: today };
      case 'month':
        return { from: dayAfter(today, -29), to: today };
      case 'own':
        return { from, to };
    }
  }

  #query(): FiguresQuery {
    const { channelId, operatorId, withinS } = this.filters;
    return {
      ...this.#days(),
      zone: this.#zone(),
      within_s: withinS,
      ...(channelId === null ? {} : { channel_id: channelId }),
      ...(operatorId === null ? {} : { operator_id: operatorId }),
    };
  }
}

const kept = new WeakMap<Backend, FiguresState>();

/** The figures of this window: what was chosen stays while other things are looked at. */
export function figuresOf(
  backend: Backend,
  now: () => Timestamp,
  zone: () => string,
): FiguresState {
  let state = kept.get(backend);
  if (state === undefined) {
    state = new FiguresState(backend, now, zone);
    kept.set(backend, state);
  }
  return state;
}
