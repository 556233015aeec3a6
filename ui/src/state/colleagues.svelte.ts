/** A search among colleagues: what was typed, who is found, who is meant. */
import type { OperatorId } from '../api/generated/OperatorId';
import type { OperatorRow } from '../api/generated/OperatorRow';
import { foundByName } from '../format/search';

export class ColleagueSearch {
  query = $state('');
  /** How many there are to be found. */
  readonly n = $derived.by(() => this.#among().length);
  readonly found = $derived.by(() => foundByName(this.#among(), this.query));
  /**
   * Who is meant. The best hit is as one types; before that nobody is, so that Enter does nothing to
   * somebody by chance.
   */
  readonly current = $derived.by(
    () =>
      this.found.find((colleague) => colleague.id === this.#pointed) ??
      (this.query.trim() === '' ? null : (this.found[0] ?? null)),
  );

  #pointed = $state<OperatorId | null>(null);
  readonly #among: () => readonly OperatorRow[];

  constructor(among: () => readonly OperatorRow[]) {
    this.#among = among;
  }

  /** Searches for something else. */
  type(query: string): void {
    this.query = query;
    this.#pointed = null;
  }

  /** Means this one. */
  point(id: OperatorId): void {
    this.#pointed = id;
  }

  /** Means the one who stands `step` rows on. */
  step(step: 1 | -1): void {
    const { found, current } = this;
    const at = current === null ? -1 : found.indexOf(current);
    const next = at === -1 && step === -1 ? found.length - 1 : at + step;
    this.#pointed = found[Math.min(found.length - 1, Math.max(0, next))]?.id ?? null;
  }
}
